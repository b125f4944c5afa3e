"""What several test files share."""

import os

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image
from support.downloads import Shop, Site, png

# Machines that run tests are often shared; how long one example takes says nothing here. The same
# examples every time, so that a failure is the change's; HYPOTHESIS_PROFILE=explore draws new ones.
settings.register_profile("fixed", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


def pytest_runtest_setup(item):
    """Skip what needs a real card where there is none."""
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("needs a CUDA card, and there is none here")


@pytest.fixture(scope="session")
def planted(tmp_path_factory):
    """A study of variants with planted effects; tests that change it copy it first."""
    from support.planted import variants_study

    return variants_study(tmp_path_factory.mktemp("planted"))


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    site = Site()
    yield site
    site.over.set()
    site.server.shutdown()
    site.server.server_close()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty data folder and working directory."""
    monkeypatch.setenv("ZERO_LEINR_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


@pytest.fixture
def shop(tmp_path, home, site):
    """A registry with one paired set of two, `pairs`, whose archive the site has."""
    images = {
        f"{kind}/{n}.png": png(n + 100 * (kind == "high"))
        for kind in ("low", "high")
        for n in (10, 2)
    }
    return Shop(tmp_path / "config", home, site, images)


@pytest.fixture
def photos(tmp_path):
    """A folder with three dark photos, 80x96 pixels."""
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for k in range(3):
        scene = rng.integers(0, 60, (10, 12, 3)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
        Image.fromarray(scene).save(folder / f"{k}.png")
    return folder
