# Data: find, download and check every file; prepare the training images; look for
# leaks into the evaluation sets; check the study, and describe it.


rule fetch:
    output:
        listing="results/{study}/data/{dataset}.json",
    log:
        "results/{study}/logs/fetch/{dataset}.log",
    conda:
        "../../environment.yml"
    params:
        rerun_if_changed=FILES.files,
    shell:
        "zero-leinr fetch {wildcards.dataset:q} --listing {output.listing:q} > {log:q} 2>&1"


rule prepare:
    input:
        listing="results/{study}/data/{dataset}.json",
    output:
        images="results/{study}/data/{dataset}_{size}.npy",
    log:
        "results/{study}/logs/prepare/{dataset}_{size}.log",
    wildcard_constraints:
        size=r"\d+",
    conda:
        "../../environment.yml"
    shell:
        "zero-leinr prepare --listing {input.listing:q} --size {wildcards.size:q}"
        " --out {output.images:q} > {log:q} 2>&1"


rule leaks:
    input:
        training=FILES.training_listing,
        listings=FILES.listings,
    output:
        leaks="results/{study}/leaks.json",
        table=report(
            "results/{study}/tables/leaks.csv",
            caption="../report/leaks.rst",
            category="Data",
            labels={"table": "leaks"},
        ),
    log:
        "results/{study}/logs/leaks.log",
    conda:
        "../../environment.yml"
    shell:
        "zero-leinr leaks --training {input.training:q} --listings {input.listings:q}"
        " --out {output.leaks:q} --table {output.table:q} > {log:q} 2>&1"


# Has no params: where this job runs again, Snakemake passes over changed params of all jobs after it.
rule check:
    input:
        leaks=FILES.leaks,
        listings=FILES.all_listings,
    output:
        checked=touch("results/{study}/checked"),
    log:
        "results/{study}/logs/check.log",
    conda:
        "../../environment.yml"
    shell:
        "zero-leinr check {wildcards.study:q} --listings {input.listings:q} > {log:q} 2>&1"


# What tables and figures say, in words: with others they are drawn again, and nothing else is done.
rule describe:
    input:
        checked="results/{study}/checked",
        leaks=FILES.leaks,
        listings=FILES.all_listings,
    output:
        study="results/{study}/study.json",
    log:
        "results/{study}/logs/describe.log",
    conda:
        "../../environment.yml"
    params:
        rerun_if_changed=FILES.summary,
        leaks=lambda wildcards, input: (
            ["--leaks", str(input.leaks)] if input.leaks else []
        ),
    shell:
        "zero-leinr check {wildcards.study:q} --listings {input.listings:q} {params.leaks:q}"
        " --out {output.study:q} > {log:q} 2>&1"
