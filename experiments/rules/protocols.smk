# Protocols: the same scores in every protocol, and how the ranking moves with it.


rule protocol_table:
    input:
        study="results/{study}/study.json",
        scores=lambda wildcards: GRAPH.each(wildcards.study, "scores"),
    output:
        csv=report(
            "results/{study}/tables/protocols.csv",
            caption="../report/protocols.rst",
            category="Protocols",
            labels={"table": "protocols"},
        ),
        md="results/{study}/tables/protocols.md",
        tex="results/{study}/tables/protocols.tex",
    log:
        "results/{study}/logs/tables/protocols.log",
    conda:
        "../../environment.yml"
    params:
        results=lambda wildcards: f"results/{wildcards.study}",
    shell:
        "zero-leinr protocols {params.results} --only table > {log} 2>&1"


rule protocol_figure:
    input:
        study="results/{study}/study.json",
        scores=lambda wildcards: GRAPH.each(wildcards.study, "scores"),
    output:
        pdf="results/{study}/figures/protocols_{dataset}.pdf",
        png=report(
            "results/{study}/figures/protocols_{dataset}.png",
            caption="../report/protocols.rst",
            category="Protocols",
            labels={"data set": "{dataset}"},
        ),
    log:
        "results/{study}/logs/figures/protocols_{dataset}.log",
    conda:
        "../../environment.yml"
    params:
        results=lambda wildcards: f"results/{wildcards.study}",
    shell:
        "zero-leinr protocols {params.results} --only figure --dataset {wildcards.dataset}"
        " > {log} 2>&1"
