# Claims: what each variant changes, and what that says of the paper's claims.


rule difference_table:
    input:
        study="results/{study}/study.json",
        scores=FILES.scores,
    output:
        csv=report(
            "results/{study}/tables/differences.csv",
            caption="../report/differences.rst",
            category="Ablations",
            labels={"table": "differences"},
        ),
        md="results/{study}/tables/differences.md",
    log:
        "results/{study}/logs/tables/differences.log",
    conda:
        "../../environment.yml"
    params:
        results=FILES.folder,
    shell:
        "zero-leinr differences {params.results:q} --only table > {log:q} 2>&1"


rule claims:
    input:
        study="results/{study}/study.json",
        scores=FILES.scores,
        claims=GRAPH.claims,
    output:
        md=report(
            "results/{study}/tables/claims.md",
            caption="../report/claims.rst",
            category="Claims",
            labels={"claims": "verdicts"},
        ),
        csv=report(
            "results/{study}/tables/claims.csv",
            caption="../report/claims.rst",
            category="Claims",
            labels={"claims": "numbers"},
        ),
    log:
        "results/{study}/logs/tables/claims.log",
    conda:
        "../../environment.yml"
    params:
        results=FILES.folder,
    shell:
        "zero-leinr claims {params.results:q} --only table > {log:q} 2>&1"
