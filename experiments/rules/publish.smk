# Paper: all that LaTeX needs of a study. Another class: --config format=llncs.


rule publish:
    input:
        study="results/{study}/study.json",
        needs=FILES.paper_needs,
        references=GRAPH.references,
    output:
        "results/{study}/paper/proof.tex",
    log:
        "results/{study}/logs/publish.log",
    conda:
        "../../environment.yml"
    params:
        results=FILES.folder,
        format=config.get("format", "ieee"),
    shell:
        "zero-leinr publish {params.results:q} --format {params.format:q} "
        "--out {params.results:q}/paper > {log:q} 2>&1"
