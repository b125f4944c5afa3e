"""Try the installed wheel: `make test-wheel` runs this in an empty environment."""

import importlib.metadata
import importlib.util
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import zero_leinr

COMMAND = Path(sysconfig.get_path("scripts")) / "zero-leinr"


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder."""
    return subprocess.run([COMMAND, *arguments], cwd=folder, capture_output=True, text=True)


def main() -> None:
    """Check what the wheel holds, and use it in Python and on the command line."""
    assert zero_leinr.__file__.startswith(sysconfig.get_path("purelib")), zero_leinr.__file__
    assert zero_leinr.__version__ == importlib.metadata.version("zero-leinr")
    files = importlib.metadata.files("zero-leinr") or []
    tops = {file.parts[0] for file in files if not file.parts[0].startswith("..")}
    assert {top for top in tops if "dist-info" not in top} == {"zero_leinr"}, tops
    for absent in ("experiments", "baselines", "pandas", "scipy", "tqdm"):
        assert importlib.util.find_spec(absent) is None, absent

    photo = np.random.default_rng(0).integers(0, 60, (64, 96, 3), np.uint8)
    bright = zero_leinr.enhance(photo)
    assert bright.mean() > 1.5 * photo.mean()
    recipe = zero_leinr.Recipe(epochs=1, batch=2, image_size=64)
    images = np.random.default_rng(0).integers(0, 60, (2, 64, 64, 3), np.uint8)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        zero_leinr.train(recipe, images, 0, folder / "run", device="cpu")
        Image.fromarray(photo).save(folder / "photo.png")
        done = run("enhance", "photo.png", folder=folder)
        assert (done.returncode, done.stdout) == (0, "enhanced/photo.png\n"), done
        assert np.array_equal(np.asarray(Image.open(folder / "enhanced/photo.png")), bright)
        done = run("enhance", "photo.png", "--weights", "run/model.safetensors", folder=folder)
        assert done.returncode == 0, done
        for wrong in (["study", "demo"], ["enhance", "absent.png"]):
            done = run(*wrong, folder=folder)
            assert done.returncode == 2, done
            assert done.stderr.startswith("error: "), done
            assert done.stderr.count("\n") == 1, done
    print("the wheel works:", zero_leinr.__file__, f"Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
