# Train: one run a method and seed. An interrupted run goes on from its last checkpoint.


rule train:
    input:
        # A study is checked before its first training; checked again, it retrains nothing by that.
        checked=ancient("results/{study}/checked"),
        images=FILES.training_images,
        # A variant without ENRB takes the branches of a run that trains them too.
        donor=FILES.donor,
    output:
        weights="results/{study}/runs/{method}/seed{seed}/model.safetensors",
        losses="results/{study}/runs/{method}/seed{seed}/losses.csv",
        run="results/{study}/runs/{method}/seed{seed}/run.json",
    log:
        "results/{study}/logs/train/{method}_seed{seed}.log",
    conda:
        "../../environment.yml"
    # One thread: the same bits on any number of cores, and two runs at once beat one on two cores.
    threads: 1
    resources:
        gpu=GRAPH.gpus,
    params:
        rerun_if_changed=FILES.recipe,
        listing=FILES.training_listing,
        donor=lambda wildcards, input: (
            ["--branches-of", input.donor[0].rpartition("/")[0]] if input.donor else []
        ),
        folder=lambda wildcards, output: output.weights.rpartition("/")[0],
    shell:
        "zero-leinr train --study {wildcards.study:q} --method {wildcards.method:q}"
        " --seed {wildcards.seed:q} --images {input.images:q} --listing {params.listing:q}"
        " --gpus {resources.gpu} --threads {threads} {params.donor:q} --replace"
        " --out {params.folder:q} > {log:q} 2>&1"
