# Costs: one job a method. It has the machine for itself, on one thread, so that times compare.


rule cost:
    input:
        checked=ancient("results/{study}/checked"),
        weights=lambda wildcards: GRAPH.first_weights(wildcards.study, wildcards.method),
    output:
        costs="results/{study}/costs/{method}.json",
    log:
        "results/{study}/logs/costs/{method}.log",
    conda:
        "../../environment.yml"
    # All cores, so that no other job runs beside it; on a cluster a job's core is its own.
    threads: workflow.cores or 1
    resources:
        gpu=lambda wildcards: GRAPH.gpus_for(wildcards.study, wildcards.method),
    params:
        weights=lambda wildcards, input: (
            f"--weights {input.weights}" if input.weights else ""
        ),
        padding=lambda wildcards: GRAPH.studies[wildcards.study].padding,
        decides=lambda wildcards: GRAPH.decides(wildcards.study, wildcards.method),
    shell:
        "zero-leinr costs --study {wildcards.study} --method {wildcards.method} {params.weights}"
        " --gpus {resources.gpu} --threads 1 --out {output.costs} > {log} 2>&1"


rule cost_table:
    input:
        study="results/{study}/study.json",
        costs=lambda wildcards: GRAPH.costs(wildcards.study),
    output:
        csv=report(
            "results/{study}/tables/costs.csv",
            caption="../report/costs.rst",
            category="Costs",
            labels={"table": "costs"},
        ),
        md="results/{study}/tables/costs.md",
        tex="results/{study}/tables/costs.tex",
    log:
        "results/{study}/logs/tables/costs.log",
    conda:
        "../../environment.yml"
    params:
        results=lambda wildcards: f"results/{wildcards.study}",
    shell:
        "zero-leinr costs {params.results} --only table > {log} 2>&1"


rule quality_cost_figure:
    input:
        study="results/{study}/study.json",
        costs=lambda wildcards: GRAPH.costs(wildcards.study),
        scores=lambda wildcards: GRAPH.each(wildcards.study, "scores"),
    output:
        pdf="results/{study}/figures/quality_cost_{dataset}.pdf",
        png=report(
            "results/{study}/figures/quality_cost_{dataset}.png",
            caption="../report/quality_cost.rst",
            category="Costs",
            labels={"data set": "{dataset}"},
        ),
    log:
        "results/{study}/logs/figures/quality_cost_{dataset}.log",
    conda:
        "../../environment.yml"
    params:
        results=lambda wildcards: f"results/{wildcards.study}",
    shell:
        "zero-leinr costs {params.results} --only figure --dataset {wildcards.dataset}"
        " > {log} 2>&1"
