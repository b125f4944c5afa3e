"""What the workflow asks of the graph of a study."""

from experiments.graph import Graph


def test_enhance_is_told_the_weights_and_whose_they_are():
    graph = Graph.load()

    def weights(method):
        seeds = graph.method("paper", method).seeds
        return " ".join(f"results/paper/runs/{method}/seed{k}/model.safetensors" for k in seeds)

    assert graph.model_option("paper", "sci_retrained") == (
        f"--method sci_retrained --weights {weights('sci_retrained')}"
    )
    assert graph.model_option("paper", "zero_dce_retrained") == (
        f"--weights {weights('zero_dce_retrained')} --padding square"
    )
    assert graph.seeds_option("paper", "zero_dce_retrained") == "--seeds 0 1 2"
    assert graph.model_option("paper", "gamma") == "--method gamma"
