# Score: every enhanced image by every metric, in every protocol; one job a method and seed.


rule score:
    input:
        study=ancient("results/{study}/study.json"),
        listings=lambda wildcards: GRAPH.listings(wildcards.study),
        images="results/{study}/images/{method}/seed{seed}",
    output:
        scores=directory("results/{study}/scores/{method}/seed{seed}"),
    log:
        "results/{study}/logs/score/{method}_seed{seed}.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        gpu=GRAPH.gpus,
    params:
        metrics=lambda wildcards: GRAPH.studies[wildcards.study].metrics,
    shell:
        "zero-leinr score {input.images} --listings {input.listings} --study {input.study}"
        " --threads {threads} --out {output.scores} > {log} 2>&1"
