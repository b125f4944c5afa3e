# Enhance: one job a method and seed for all data sets, since loading torch costs more than an image.


rule enhance:
    input:
        study=ancient("results/{study}/study.json"),
        listings=lambda wildcards: GRAPH.listings(wildcards.study),
        weights=lambda wildcards: GRAPH.weights(
            wildcards.study, wildcards.method, wildcards.seed
        ),
    output:
        images=directory("results/{study}/images/{method}/seed{seed}"),
    log:
        "results/{study}/logs/enhance/{method}_seed{seed}.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        gpu=GRAPH.gpus,
    params:
        model=lambda wildcards: GRAPH.model_option(
            wildcards.study, wildcards.method, wildcards.seed
        ),
        entry=lambda wildcards: GRAPH.method(wildcards.study, wildcards.method).entry,
    shell:
        "zero-leinr enhance --listings {input.listings} {params.model}"
        " --threads {threads} --out {output.images} > {log} 2>&1"
