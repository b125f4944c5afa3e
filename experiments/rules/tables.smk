# Tables: csv for programs, md to read (for papers: publish.smk); one table a protocol.


rule table:
    input:
        study="results/{study}/study.json",
        scores=FILES.scores,
    output:
        csv=report(
            "results/{study}/tables/scores_{protocol}.csv",
            caption="../report/scores_table.rst",
            category="Tables",
            labels={"protocol": "{protocol}", "format": "csv"},
        ),
        md="results/{study}/tables/scores_{protocol}.md",
    log:
        "results/{study}/logs/tables/{protocol}.log",
    conda:
        "../../environment.yml"
    params:
        results=FILES.folder,
    shell:
        "zero-leinr tables {params.results:q} --protocol {wildcards.protocol:q} > {log:q} 2>&1"


rule rank_table:
    input:
        study="results/{study}/study.json",
        scores=FILES.scores,
    output:
        csv=report(
            "results/{study}/tables/ranks.csv",
            caption="../report/ranks.rst",
            category="Ranks",
            labels={"table": "ranks"},
        ),
        md="results/{study}/tables/ranks.md",
    log:
        "results/{study}/logs/tables/ranks.log",
    conda:
        "../../environment.yml"
    params:
        results=FILES.folder,
    shell:
        "zero-leinr ranks {params.results:q} > {log:q} 2>&1"
