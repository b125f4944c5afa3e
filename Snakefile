"""The map of every study: data -> train -> enhance -> score -> tables and figures -> report.

    snakemake demo --cores 2            experiments/config/studies/demo.yaml -> results/demo
    snakemake demo --report workflow.html
    snakemake demo_paper                tables, figures and numbers for LaTeX -> results/demo/paper

One file in experiments/config/studies is one study and one target of its name.
"""

from snakemake.utils import min_version

from experiments.graph import ByWildcards, Graph

min_version("9.0")
GRAPH = Graph.load(config.get("gpu"))
FILES = ByWildcards(GRAPH)


report: "experiments/report/workflow.rst"


wildcard_constraints:
    study="[a-z0-9_]+",
    method="[a-z0-9_]+",
    dataset="[A-Za-z0-9_-]+",
    seed=r"\d+",
    protocol="[a-z0-9_]+",
    figure="[A-Za-z0-9_-]+",


include: "experiments/rules/data.smk"
include: "experiments/rules/train.smk"
include: "experiments/rules/enhance.smk"
include: "experiments/rules/score.smk"
include: "experiments/rules/tables.smk"
include: "experiments/rules/figures.smk"
include: "experiments/rules/protocols.smk"
include: "experiments/rules/claims.smk"
include: "experiments/rules/costs.smk"
include: "experiments/rules/published.smk"
include: "experiments/rules/report.smk"
include: "experiments/rules/publish.smk"


# A study is read when it is asked for, so a mistake in one stops no other.
for study in GRAPH.targets:

    rule:
        name:
            study
        input:
            lambda _, study=study: GRAPH.products(study),

    rule:
        name:
            f"{study}_paper"
        input:
            f"results/{study}/paper/proof.tex",
