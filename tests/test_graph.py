"""What the workflow asks of the graph of a study."""

import re

from experiments.graph import Graph
from experiments.sheets.reading import CONFIG, PACKAGE
from experiments.sheets.study import RULES, load_study


def test_enhance_is_told_the_weights_and_whose_they_are():
    graph = Graph.load()

    def weights(method):
        seeds = graph.method("paper", method).seeds
        return [f"results/paper/runs/{method}/seed{k}/model.safetensors" for k in seeds]

    assert graph.model_option("paper", "sci_retrained") == (
        ["--method", "sci_retrained", "--weights", *weights("sci_retrained")]
    )
    assert graph.model_option("paper", "zero_dce_retrained") == (
        ["--weights", *weights("zero_dce_retrained"), "--padding", "square"]
    )
    assert graph.seeds_option("paper", "zero_dce_retrained") == ["--seeds", "0", "1", "2"]
    assert graph.model_option("paper", "gamma") == ["--method", "gamma"]


def test_a_positive_control_runs_where_there_are_references_and_costs_nothing():
    graph = Graph.load()
    assert graph.studies["baselines"].datasets == ["lol_eval15", "lime", "dicm"]
    pairs = ["results/baselines/data/lol_eval15.json"]
    assert graph.listings_of("baselines", "reference") == pairs
    assert graph.listings_of("baselines", "random_brightness") == graph.listings("baselines")
    measured = graph.costs("baselines")
    assert "results/baselines/costs/zero_dce.json" in measured
    assert not [path for path in measured if "reference" in path or "random" in path]


def test_ranks_have_a_table_where_three_methods_are_no_controls():
    graph = Graph.load()
    assert "results/baselines/tables/ranks.md" in graph.tables("baselines")
    assert len(graph.ranked("baselines")) == len(graph.studies["baselines"].methods) - 3


def test_no_name_of_a_target_reaches_the_shell_as_code():
    """Every wildcard is constrained to plain characters, and all that a command takes is quoted."""
    snakefile = (PACKAGE.parent / "Snakefile").read_text()
    for rules in RULES.glob("*.smk"):
        text = rules.read_text()
        constrained = set(re.findall(r'^ +(\w+)=r?"\[?[^";$]+"', snakefile + text, re.M))
        outputs = re.findall(r'"results/[^"]*"', text)
        assert set(re.findall(r"{(\w+)}", " ".join(outputs))) <= constrained, rules.name
        commands = "".join(re.findall(r"    shell:\n((?: {8}.*\n)+)", text))
        taken = set(re.findall(r"{([^}]+)}", commands)) - {"threads", "resources.gpu"}
        assert taken
        assert all(name.endswith(":q") for name in taken), rules.name


def test_the_baselines_study_has_every_method_that_needs_no_training():
    import yaml

    methods = yaml.safe_load((CONFIG / "methods.yaml").read_text())
    ready = {name for name, entry in methods.items() if "recipe" not in entry}
    study = load_study(CONFIG / "studies" / "baselines.yaml")
    fitted_to_each_image = {"colie", "rrdnet", "retinexdip"}
    assert set(study.methods) == ready - fitted_to_each_image
    assert not study.trained
    products = Graph.load().products("baselines")
    for name in ("tables/published.md", "tables/costs.md", "figures/quality_cost_lol_eval15.png"):
        assert f"results/baselines/{name}" in products
    assert not any("quality_cost_dicm" in product for product in products)
    assert not any("costs" in product for product in Graph.load().products("demo"))
