# Claims: what each variant changes, and what that says of the paper's claims.


rule difference_table:
    input:
        study="results/{study}/study.json",
        scores=lambda wildcards: GRAPH.each(wildcards.study, "scores"),
    output:
        csv=report(
            "results/{study}/tables/differences.csv",
            caption="../report/differences.rst",
            category="Ablations",
            labels={"table": "differences"},
        ),
        md="results/{study}/tables/differences.md",
        tex="results/{study}/tables/differences.tex",
    log:
        "results/{study}/logs/tables/differences.log",
    conda:
        "../../environment.yml"
    params:
        results=lambda wildcards: f"results/{wildcards.study}",
    shell:
        "zero-leinr differences {params.results} --only table > {log} 2>&1"


rule difference_figure:
    input:
        study="results/{study}/study.json",
        scores=lambda wildcards: GRAPH.each(wildcards.study, "scores"),
    output:
        pdf="results/{study}/figures/differences_{dataset}.pdf",
        png=report(
            "results/{study}/figures/differences_{dataset}.png",
            caption="../report/differences.rst",
            category="Ablations",
            labels={"data set": "{dataset}"},
        ),
    log:
        "results/{study}/logs/figures/differences_{dataset}.log",
    conda:
        "../../environment.yml"
    params:
        results=lambda wildcards: f"results/{wildcards.study}",
    shell:
        "zero-leinr differences {params.results} --only figure --dataset {wildcards.dataset}"
        " > {log} 2>&1"


rule claims:
    input:
        study="results/{study}/study.json",
        scores=lambda wildcards: GRAPH.each(wildcards.study, "scores"),
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
        tex="results/{study}/tables/claims.tex",
        png=report(
            "results/{study}/figures/claims.png",
            caption="../report/claims.rst",
            category="Claims",
            labels={"claims": "figure"},
        ),
        pdf="results/{study}/figures/claims.pdf",
    log:
        "results/{study}/logs/tables/claims.log",
    conda:
        "../../environment.yml"
    params:
        results=lambda wildcards: f"results/{wildcards.study}",
    shell:
        "zero-leinr claims {params.results} > {log} 2>&1"
