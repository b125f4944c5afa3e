# Report: one page of all that the study found, from its results alone.


# Not `report`, which is a word of Snakemake's own.
rule page:
    input:
        study="results/{study}/study.json",
        drawn=FILES.drawn,
        scores=FILES.scores,
        images=FILES.images,
    output:
        page="results/{study}/report.html",
    log:
        "results/{study}/logs/report.log",
    conda:
        "../../environment.yml"
    params:
        results=FILES.folder,
    shell:
        "zero-leinr report {params.results:q} --out {output.page:q} > {log:q} 2>&1"
