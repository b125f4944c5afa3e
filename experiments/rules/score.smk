# Score: every enhanced image by every metric, in every protocol; one job a method, as in enhance.
# On the CPU: of what a pair of images costs, LPIPS is a tenth, and a GPU is there to train.


rule score:
    input:
        checked=ancient("results/{study}/checked"),
        listings=FILES.listings_of,
        images="results/{study}/images/{method}",
    output:
        scores=directory("results/{study}/scores/{method}"),
    log:
        "results/{study}/logs/score/{method}.log",
    conda:
        "../../environment.yml"
    threads: 1
    params:
        rerun_if_changed=FILES.scored,
        seeds=FILES.seeds_option,
    shell:
        "zero-leinr score {input.images:q} --listings {input.listings:q} --study {wildcards.study:q}"
        " {params.seeds:q} --device cpu --threads {threads} --out {output.scores:q} > {log:q} 2>&1"
