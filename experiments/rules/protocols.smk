# Protocols: the same scores in every protocol, and how the ranking moves with it.


rule protocol_table:
    input:
        study="results/{study}/study.json",
        scores=FILES.scores,
    output:
        csv=report(
            "results/{study}/tables/protocols.csv",
            caption="../report/protocols.rst",
            category="Protocols",
            labels={"table": "protocols"},
        ),
        md="results/{study}/tables/protocols.md",
    log:
        "results/{study}/logs/tables/protocols.log",
    conda:
        "../../environment.yml"
    params:
        results=FILES.folder,
    shell:
        "zero-leinr protocols {params.results:q} --only table > {log:q} 2>&1"
