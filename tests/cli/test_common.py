"""What the commands share: settings."""

import pytest

from experiments.cli.common import parse_settings
from zero_leinr.errors import InputError


def test_settings_are_read_as_yaml():
    assert parse_settings(["epochs=3", "light.spatial=0", "denoiser=null", "noise=gauss5"]) == {
        "epochs": 3,
        "light": {"spatial": 0},
        "denoiser": None,
        "noise": "gauss5",
    }
    with pytest.raises(InputError, match="KEY=VALUE"):
        parse_settings(["epochs"])
