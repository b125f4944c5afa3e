# Costs: one job a method. It has the machine for itself, on one thread, so that times compare.


rule cost:
    input:
        checked=ancient("results/{study}/checked"),
        weights=FILES.first_weights,
    output:
        costs="results/{study}/costs/{method}.json",
    log:
        "results/{study}/logs/costs/{method}.log",
    conda:
        "../../environment.yml"
    # All cores, so that no other job runs beside it; on a cluster a job's core is its own.
    threads: workflow.cores or 1
    resources:
        gpu=FILES.gpus_for,
    params:
        weights=lambda wildcards, input: (
            ["--weights", str(input.weights)] if input.weights else []
        ),
        padding=FILES.padding,
        rerun_if_changed=FILES.decides,
    shell:
        "zero-leinr costs --study {wildcards.study:q} --method {wildcards.method:q} {params.weights:q}"
        " --gpus {resources.gpu} --threads 1 --out {output.costs:q} > {log:q} 2>&1"


rule cost_table:
    input:
        study="results/{study}/study.json",
        costs=FILES.costs,
    output:
        csv=report(
            "results/{study}/tables/costs.csv",
            caption="../report/costs.rst",
            category="Costs",
            labels={"table": "costs"},
        ),
        md="results/{study}/tables/costs.md",
    log:
        "results/{study}/logs/tables/costs.log",
    conda:
        "../../environment.yml"
    params:
        results=FILES.folder,
    shell:
        "zero-leinr costs {params.results:q} --only table > {log:q} 2>&1"
