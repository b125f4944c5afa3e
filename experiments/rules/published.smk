# Published: what papers and others' re-runs report, beside what this study measured.


rule published_table:
    input:
        study="results/{study}/study.json",
        scores=FILES.scores,
        figures=GRAPH.published,
    output:
        csv=report(
            "results/{study}/tables/published.csv",
            caption="../report/published.rst",
            category="Tables",
            labels={"protocol": "published", "format": "csv"},
        ),
        md="results/{study}/tables/published.md",
    log:
        "results/{study}/logs/tables/published.log",
    conda:
        "../../environment.yml"
    params:
        results=FILES.folder,
    shell:
        "zero-leinr published {params.results:q} > {log:q} 2>&1"
