# Report: one page of all that the study found, from its results alone.


# Not `report`, which is a word of Snakemake's own.
rule page:
    input:
        study="results/{study}/study.json",
        drawn=lambda wildcards: GRAPH.drawn(wildcards.study),
        scores=lambda wildcards: GRAPH.each(wildcards.study, "scores"),
        images=lambda wildcards: GRAPH.each(wildcards.study, "images"),
    output:
        page="results/{study}/report.html",
    log:
        "results/{study}/logs/report.log",
    conda:
        "../../environment.yml"
    params:
        results=lambda wildcards: f"results/{wildcards.study}",
    shell:
        "zero-leinr report {params.results} --out {output.page} > {log} 2>&1"
