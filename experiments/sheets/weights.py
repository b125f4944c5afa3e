"""Published weights, `config/weights.yaml`, and where the weights of a method come from."""

from enum import StrEnum

from experiments.sheets.reading import CONFIG

WEIGHTS = CONFIG / "weights.yaml"


#: Name of the weights that come with the package, in methods.yaml.
RELEASED_NAME = "released"


class WeightsOrigin(StrEnum):
    """Where the weights of a method come from."""

    NONE = "none"
    OFFICIAL = "official"
    RELEASED = "released"
    TRAINED = "trained here"
    #: Another program made the images; of its weights nothing is known.
    ELSEWHERE = "made elsewhere"
