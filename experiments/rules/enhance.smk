# Enhance: one job a method for all seeds and data sets, since loading torch costs more than an image.


rule enhance:
    input:
        checked=ancient("results/{study}/checked"),
        listings=FILES.listings_of,
        weights=FILES.weights,
        released=FILES.released,
    output:
        images=directory("results/{study}/images/{method}"),
    log:
        "results/{study}/logs/enhance/{method}.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        gpu=FILES.gpus_for,
    params:
        model=FILES.model_option,
        seeds=FILES.seeds_option,
        rerun_if_changed=FILES.decides,
    shell:
        "zero-leinr enhance --listings {input.listings:q} {params.model:q} {params.seeds:q}"
        " --gpus {resources.gpu} --threads {threads} --out {output.images:q} > {log:q} 2>&1"
