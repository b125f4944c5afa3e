"""The registry of metrics: what it says, and what it costs to read."""

import subprocess
import sys

import pytest
from support.helpers import one_line

from experiments.sheets.metrics import describe_metrics, load_metrics
from zero_leinr.errors import InputError


def test_describe_metrics_gives_what_study_json_holds():
    (psnr, niqe) = describe_metrics(["psnr", "niqe"])
    assert psnr == {
        "name": "psnr",
        "label": "PSNR",
        "unit": "dB",
        "direction": "up",
        "needs_reference": True,
        "protocols": ["standard", "luma", "gt_mean", "zero_leinr_scripts"],
        "beside": ["gt_mean", "zero_leinr_scripts"],
    }
    assert "on its own" in niqe["caveat"]


def test_unknown_metric_is_named():
    with pytest.raises(InputError) as error:
        load_metrics(["psnr", "pnsr"])
    assert "'pnsr'" in one_line(error)
    assert "did you mean psnr?" in one_line(error)


def test_light_commands_stay_light():
    """Reading the sheet must not cost the import of a network (seconds)."""
    code = (
        "import sys; from experiments.sheets.metrics import describe_metrics; describe_metrics(); "
        "print(sorted({'torch', 'lpips', 'pyiqa', 'skimage', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
