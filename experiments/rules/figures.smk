# Figures: scores and image grids of every data set, and training curves; pdf and png.


rule score_figure:
    input:
        study="results/{study}/study.json",
        scores=lambda wildcards: GRAPH.each(wildcards.study, "scores"),
    output:
        pdf="results/{study}/figures/scores_{dataset}.pdf",
        png=report(
            "results/{study}/figures/scores_{dataset}.png",
            caption="../report/scores_figure.rst",
            category="Scores",
            labels={"data set": "{dataset}"},
        ),
    log:
        "results/{study}/logs/figures/scores_{dataset}.log",
    conda:
        "../../environment.yml"
    params:
        results=lambda wildcards: f"results/{wildcards.study}",
    shell:
        "zero-leinr figures {params.results} --only scores --dataset {wildcards.dataset}"
        " > {log} 2>&1"


rule qualitative_figure:
    input:
        study="results/{study}/study.json",
        listing="results/{study}/data/{dataset}.json",
        images=lambda wildcards: GRAPH.each(wildcards.study, "images"),
        scores=lambda wildcards: GRAPH.each(wildcards.study, "scores"),
    output:
        pdf="results/{study}/figures/qualitative_{dataset}.pdf",
        png=report(
            "results/{study}/figures/qualitative_{dataset}.png",
            caption="../report/qualitative.rst",
            category="Images",
            labels={"data set": "{dataset}"},
        ),
    log:
        "results/{study}/logs/figures/qualitative_{dataset}.log",
    conda:
        "../../environment.yml"
    params:
        results=lambda wildcards: f"results/{wildcards.study}",
    shell:
        "zero-leinr figures {params.results} --only qualitative --dataset {wildcards.dataset}"
        " > {log} 2>&1"


rule training_curves:
    input:
        study="results/{study}/study.json",
        losses=lambda wildcards: GRAPH.runs(wildcards.study, "losses.csv"),
    output:
        pdf="results/{study}/figures/training_curves.pdf",
        png=report(
            "results/{study}/figures/training_curves.png",
            caption="../report/training_curves.rst",
            category="Training",
            labels={"figure": "losses"},
        ),
    log:
        "results/{study}/logs/figures/training_curves.log",
    conda:
        "../../environment.yml"
    params:
        results=lambda wildcards: f"results/{wildcards.study}",
    shell:
        "zero-leinr figures {params.results} --only training_curves > {log} 2>&1"
