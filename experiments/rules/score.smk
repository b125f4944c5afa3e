# Score: every enhanced image by every metric, in every protocol; one job a method, as in enhance.


rule score:
    input:
        checked=ancient("results/{study}/checked"),
        listings=lambda wildcards: GRAPH.listings(wildcards.study),
        images="results/{study}/images/{method}",
    output:
        scores=directory("results/{study}/scores/{method}"),
    log:
        "results/{study}/logs/score/{method}.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        gpu=GRAPH.gpus,
    params:
        metrics=lambda wildcards: GRAPH.scored(wildcards.study),
        seeds=lambda wildcards: GRAPH.seeds_option(wildcards.study, wildcards.method),
    shell:
        "zero-leinr score {input.images} --listings {input.listings} --study {wildcards.study}"
        " {params.seeds} --threads {threads} --out {output.scores} > {log} 2>&1"
