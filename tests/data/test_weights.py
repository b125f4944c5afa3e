"""Official weights: fetched once, compared with their checksums, never used when spoilt."""

import pytest
import yaml
from support.downloads import sha256
from support.helpers import needs_data, one_line

from experiments.data import weights
from experiments.sheets.reading import load_checked
from experiments.sheets.weights import WEIGHTS
from zero_leinr.errors import InputError


@pytest.fixture
def shelf(tmp_path, home, site):
    """A registry of one file of weights that the site has."""
    site.files["/w.pt"] = b"numbers"
    entry = {
        "file": "w.pt",
        "address": f"{site.address}/w.pt",
        "sha256": sha256(b"numbers"),
        "licence": "CC0",
        "citation": "nobody",
    }
    path = tmp_path / "weights.yaml"

    def save(**changes):
        path.write_text(yaml.safe_dump({"w": {k: v for k, v in (entry | changes).items() if v}}))
        return path

    return save


def test_weights_are_downloaded_once(shelf, home, site):
    path = weights.weights_file("w", registry=shelf())
    assert path == home / "weights" / "w.pt"
    assert path.read_bytes() == b"numbers"
    weights.weights_file("w", registry=shelf())
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    "checksum", [sha256(b"numbers")[:8], sha256(b"numbers")[:63], "", "g" * 64]
)
def test_a_checksum_has_64_digits(shelf, home, site, checksum):
    with pytest.raises(InputError, match="sha256"):
        weights.weights_file("w", registry=shelf(sha256=checksum))
    assert not site.asked


def test_wrong_weights_get_no_name(shelf, home, site):
    site.files["/w.pt"] = b"other numbers"
    with pytest.raises(InputError, match="wrong checksum") as error:
        weights.weights_file("w", registry=shelf())
    message = one_line(error)
    for part in ("/w.pt", sha256(b"numbers"), sha256(b"other numbers")):
        assert part in message
    assert not (home / "weights" / "w.pt").exists()
    assert not (home / "weights" / "w.pt.part").exists()


def test_spoilt_weights_are_not_used(shelf, home):
    (home / "weights").mkdir(parents=True)
    (home / "weights" / "w.pt").write_bytes(b"spoilt")
    with pytest.raises(InputError, match="wrong checksum") as error:
        weights.weights_file("w", registry=shelf())
    message = one_line(error)
    for part in (str(home / "weights" / "w.pt"), "/w.pt, kept as", sha256(b"numbers")):
        assert part in message


@pytest.mark.parametrize(("changes", "download"), [({}, False), ({"address": None}, True)])
def test_missing_weights_name_file_checksum_and_folder(shelf, home, site, changes, download):
    with pytest.raises(InputError, match="missing") as error:
        weights.weights_file("w", download=download, registry=shelf(**changes))
    message = one_line(error)
    for part in ("w.pt", sha256(b"numbers"), str(home / "weights")):
        assert part in message
    assert not site.asked


def test_weights_may_lie_anywhere(tmp_path, home, site):
    registry = tmp_path / "own.yaml"
    for path in (str(tmp_path / "own.pth"), "mine/own.pth"):
        registry.write_text(yaml.safe_dump({"mine": {"path": path}}))
        with pytest.raises(InputError, match=r"own\.yaml: mine: .*own\.pth: no such file"):
            weights.weights_file("mine", registry=registry)
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_bytes(b"numbers")
        assert weights.weights_file("mine", registry=registry) == home / path
    entry = {"path": "mine/own.pth", "sha256": sha256(b"others")}
    registry.write_text(yaml.safe_dump({"mine": entry}))
    with pytest.raises(InputError, match="wrong checksum"):
        weights.weights_file("mine", registry=registry)
    registry.write_text(yaml.safe_dump({"mine": entry | {"file": "own.pth"}}))
    with pytest.raises(InputError, match=r"own\.yaml: mine"):
        weights.weights_file("mine", registry=registry)
    assert not site.asked


def test_unknown_weights_and_keys(shelf):
    with pytest.raises(InputError, match="unknown weights 'v'; known: w"):
        weights.weights_file("v", registry=shelf())
    with pytest.raises(InputError, match="unknown key 'md5'"):
        weights.weights_file("w", registry=shelf(md5="0"))


def test_parameters_of_metrics_come_with_the_suite(home):
    """Without a data folder and a network; their licenses stand beside them."""
    for name, license in (("niqe", "niqe_license.txt"), ("alexnet_half", "alexnet_license.txt")):
        path = weights.weights_file(name, download=False)
        assert path.parent == weights.PACKAGED
        assert "copyright notice" in (path.parent / license).read_text()
    assert weights.lpips_trunk_file().name == "alexnet_features_half.npz"


def test_lpips_prefers_full_precision(home):
    (home / "weights").mkdir(parents=True)
    (home / "weights" / "alexnet-owt-7be5be79.pth").write_bytes(b"not it")
    with pytest.raises(InputError, match=r"alexnet-owt-7be5be79\.pth: wrong checksum"):
        weights.lpips_trunk_file()
    (home / "weights" / "alexnet_features.npz").write_bytes(b"not it")
    with pytest.raises(InputError, match=r"alexnet_features\.npz: wrong checksum"):
        weights.lpips_trunk_file()


@needs_data
def test_real_weights_match_their_checksums():
    # Of AlexNet a part is there, and taken first; the others belong to metrics that no study has.
    may_miss = {"alexnet", "musiq_koniq", "brisque", "dists", "vgg16", "clip_rn50"}
    for name, entry in load_checked(WEIGHTS, "weights.schema.yaml").items():
        if name not in may_miss or weights.weights_path(entry).exists():
            assert weights.weights_file(name, download=False).is_file()
    assert weights.lpips_trunk_file().name == "alexnet_features.npz"
