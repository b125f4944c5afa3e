# Enhance: one job a method for all seeds and data sets, since loading torch costs more than an image.


rule enhance:
    input:
        checked=ancient("results/{study}/checked"),
        listings=lambda wildcards: GRAPH.listings(wildcards.study),
        weights=lambda wildcards: GRAPH.weights(wildcards.study, wildcards.method),
        released=lambda wildcards: GRAPH.released(wildcards.study, wildcards.method),
    output:
        images=directory("results/{study}/images/{method}"),
    log:
        "results/{study}/logs/enhance/{method}.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        gpu=lambda wildcards: GRAPH.gpus_for(wildcards.study, wildcards.method),
    params:
        model=lambda wildcards: GRAPH.model_option(wildcards.study, wildcards.method),
        seeds=lambda wildcards: GRAPH.seeds_option(wildcards.study, wildcards.method),
        decides=lambda wildcards: GRAPH.decides(wildcards.study, wildcards.method),
    shell:
        "zero-leinr enhance --listings {input.listings} {params.model} {params.seeds}"
        " --gpus {resources.gpu} --threads {threads} --out {output.images} > {log} 2>&1"
