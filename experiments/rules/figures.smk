# Figures: pdf for papers, png to look at. Which there are: experiments/figures/registry.py.


rule figure:
    input:
        study="results/{study}/study.json",
        needs=FILES.figure_needs,
    output:
        pdf="results/{study}/figures/{figure}.pdf",
        png=report(
            "results/{study}/figures/{figure}.png",
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
    log:
        "results/{study}/logs/figures/{figure}.log",
    conda:
        "../../environment.yml"
    params:
        results=FILES.folder,
    shell:
        "zero-leinr figures {params.results:q} --only {wildcards.figure:q} > {log:q} 2>&1"
