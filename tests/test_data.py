"""The registry, fetch with a server of our own, listings, weights; real data if it is there."""

import hashlib
import io
import json
import re
import socket
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import needs_data
from PIL import Image

from experiments import data, datasets
from experiments import fetch as net
from zero_leinr.errors import InputError


def png(seed, size=(40, 36)):
    """Return the bytes of a random PNG."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, format="PNG")
    return out.getvalue()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def zipped(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return out.getvalue()


class Site:
    """A web server on this machine. `files`: path -> content; `asked`: (path, Range) so far."""

    def __init__(self):
        self.files, self.asked = {}, []
        self.ranges, self.cut = (
            True,
            None,
        )  # cut: send that many bytes of the next answer, then stop
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                wanted = self.headers.get("Range")
                site.asked.append((self.path, wanted))
                if self.path not in site.files:
                    return self.send_error(404)
                body = site.files[self.path]
                start = int(wanted[6:-1]) if wanted and site.ranges else 0
                if start >= len(body) > 0:
                    return self.send_error(416)
                self.send_response(206 if start else 200)
                self.send_header("Content-Length", str(len(body) - start))
                self.end_headers()
                part, site.cut = body[start:][: site.cut], None
                self.wfile.write(part)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    site = Site()
    yield site
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


class Shop:
    def __init__(self, config, home, site, images):
        self.config, self.home, self.site, self.images = config, home, site, images
        self.registry = config / "datasets.yaml"
        self.archive = home / "downloads" / "set.zip"
        (config / "manifests").mkdir(parents=True)
        self.document = {
            "sources": {
                "set": {
                    "address": f"{site.address}/set.zip",
                    "archive": "set.zip",
                    "manifest": "set.sha256",
                    "folders": {"my/low": "deep/low", "my/high": "deep/high"},
                    "licence": "CC0",
                    "citation": "nobody",
                }
            },
            "datasets": {"pairs": {"low": "my/low", "high": "my/high", "count": 2}},
        }
        self.write_manifest({f"my/{name}": sha256(content) for name, content in images.items()})
        self.serve(images)
        self.save()

    def write_manifest(self, checksums, name="set.sha256"):
        lines = [f"{checksum}  {file}\n" for file, checksum in checksums.items()]
        (self.config / "manifests" / name).write_text("".join(lines))

    def serve(self, images, **more):
        members = {f"root-1234/deep/{name}": content for name, content in images.items()}
        self.site.files["/set.zip"] = zipped(members | more)

    def save(self):
        self.registry.write_text(yaml.safe_dump(self.document))

    def fetch(self, name="pairs", **options):
        return data.fetch(name, registry=self.registry, **options)

    def put(self, folder="my"):
        for name, content in self.images.items():
            path = self.home / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def one_line(error):
    message = str(error.value)
    assert "\n" not in message
    return message


# Fetching


def test_fetch_downloads_unpacks_and_lists(shop):
    shop.serve(shop.images, **{"root-1234/readme.txt": b"not wanted"})
    listing = shop.fetch()
    assert (listing.count, listing.expected, listing.paired) == (2, 2, True)
    assert [item.name for item in listing.items] == ["10", "2"]  # the order of the manifest
    for item in listing.items:
        assert Path(item.low).read_bytes() == shop.images[f"low/{item.name}.png"]
        assert Path(item.high).read_bytes() == shop.images[f"high/{item.name}.png"]
    assert not listing.warnings
    names = {p.name for p in shop.home.rglob("*") if p.is_file()} - {"set.zip", "set.zip.lock"}
    assert names == {"10.png", "2.png"}


def test_second_fetch_asks_nobody(shop):
    first = shop.fetch()
    asked = list(shop.site.asked)
    assert shop.fetch() == first
    assert shop.site.asked == asked


def test_lost_image_comes_from_the_kept_archive(shop):
    shop.fetch()
    (shop.home / "my" / "low" / "2.png").unlink()
    asked = list(shop.site.asked)
    assert shop.fetch(download=False).count == 2
    assert shop.site.asked == asked


def test_interrupted_download_goes_on_where_it_stopped(shop, monkeypatch):
    monkeypatch.setattr(net, "CHUNK", 100)
    shop.site.cut = 1000
    with pytest.raises(InputError, match="downloading it from"):
        shop.fetch()
    assert not shop.archive.exists()
    assert shop.fetch().count == 2
    assert shop.site.asked == [("/set.zip", None), ("/set.zip", "bytes=1000-")]


def test_server_without_ranges_starts_again(shop):
    shop.site.ranges = False
    shop.site.cut = 1000
    with pytest.raises(InputError):
        shop.fetch()
    assert shop.fetch().count == 2
    assert shop.archive.read_bytes() == shop.site.files["/set.zip"]


def test_complete_part_without_its_name_starts_again(shop):
    shop.archive.parent.mkdir(parents=True)
    shop.archive.with_name("set.zip.part").write_bytes(shop.site.files["/set.zip"])
    assert shop.fetch().count == 2


def test_parallel_jobs_download_once(shop):
    jobs = [threading.Thread(target=shop.fetch) for _ in range(4)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert shop.site.asked == [("/set.zip", None)]
    assert shop.fetch().count == 2


def test_wrong_checksum_in_the_archive(shop):
    shop.serve(shop.images | {"low/2.png": png(7)})
    with pytest.raises(InputError, match="wrong checksum") as error:
        shop.fetch()
    message = one_line(error)
    assert "deep/low/2.png" in message
    assert sha256(shop.images["low/2.png"]) in message
    assert sha256(png(7)) in message
    assert not (shop.home / "my" / "low" / "2.png").exists()


def test_changed_file_is_named_and_left_alone(shop):
    shop.put()
    (shop.home / "my" / "high" / "2.png").write_bytes(png(7))
    with pytest.raises(InputError, match="wrong checksum") as error:
        shop.fetch()
    assert "my/high/2.png" in one_line(error)
    assert (shop.home / "my" / "high" / "2.png").read_bytes() == png(7)
    assert not shop.site.asked


def test_archive_cannot_write_outside(shop, tmp_path):
    before = {p for p in tmp_path.rglob("*") if shop.home not in p.parents}
    evil = {"../../evil.png": b"x", "/tmp/../../evil.png": b"x", "deep/../../../evil.png": b"x"}
    shop.serve(shop.images, **evil)
    shop.fetch()
    assert {p for p in tmp_path.rglob("*") if shop.home not in p.parents} - {shop.home} == before
    assert not list(shop.home.rglob("evil*"))


def test_damaged_archive(shop):
    shop.site.files["/set.zip"] = b"this is no archive"
    with pytest.raises(InputError, match="damaged archive") as error:
        shop.fetch()
    assert "set.zip" in one_line(error)


def test_archive_without_a_member(shop):
    shop.serve({name: content for name, content in shop.images.items() if name != "high/2.png"})
    with pytest.raises(InputError, match=r"holds no deep/high/2\.png"):
        shop.fetch()


def test_refusal_of_the_server(shop):
    shop.site.files.clear()
    with pytest.raises(InputError, match="404") as error:
        shop.fetch()
    assert "/set.zip" in one_line(error)


def offline(shop):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/set.zip"
    shop.document["sources"]["set"]["address"] = address
    shop.save()
    return address


def test_offline_says_what_to_put_where(shop):
    address = offline(shop)
    with pytest.raises(InputError, match="failed") as error:
        shop.fetch()
    message = one_line(error)
    for part in ("my/low/10.png", "set.zip", address, str(shop.archive.parent)):
        assert part in message
    assert not shop.home.exists()  # nothing is made before there is something to keep


def test_silent_network_is_given_up_quickly(shop, monkeypatch):
    monkeypatch.setattr(net, "CONNECT_SECONDS", 0.3)
    monkeypatch.setattr(socket, "create_connection", lambda *a, **k: time.sleep(5))
    start = time.monotonic()
    with pytest.raises(InputError, match=r"no answer in 0\.3 s"):
        shop.fetch()
    assert time.monotonic() - start < 2


def test_without_permission_to_download_nobody_is_asked(shop):
    with pytest.raises(InputError, match=r"my/low/10\.png \(2 missing in .*put them there"):
        shop.fetch(download=False)
    assert not shop.site.asked


def test_archive_put_there_by_hand_is_used(shop):
    shop.archive.parent.mkdir(parents=True)
    shop.archive.write_bytes(shop.site.files["/set.zip"])
    offline(shop)
    assert shop.fetch().count == 2


def test_data_folder_that_cannot_be_written(shop):
    shop.home.mkdir()
    (shop.home / "downloads").write_text("a file where a folder is needed")
    with pytest.raises(InputError, match="downloading it from") as error:
        shop.fetch()
    assert "downloads" in one_line(error)


# Sets with less or something else than the originals


def test_partial_set_is_used_and_reported(shop):
    shop.document["datasets"]["pairs"]["partial"] = True
    offline(shop)
    with pytest.raises(InputError, match="failed"):  # nothing at all is not a part
        shop.fetch()
    shop.put()
    (shop.home / "my" / "low" / "2.png").unlink()
    listing = shop.fetch()
    assert (listing.count, listing.expected) == (1, 2)
    assert listing.warnings[0] == "1 images found, 2 expected"
    assert "without 2.png" in listing.warnings[1]
    assert "1 of 2 pairs" in listing.summary()


def test_whole_set_is_not_used_in_part(shop):
    offline(shop)
    shop.put()
    (shop.home / "my" / "low" / "2.png").unlink()
    with pytest.raises(InputError, match=r"my/low/2\.png"):
        shop.fetch()


def test_copies_stand_in_for_originals(shop):
    copies = {f"copy/{n}.png": png(n + 500) for n in (2, 10)}
    shop.write_manifest({name: sha256(c) for name, c in copies.items()}, "copy.sha256")
    shop.document["sources"]["copy"] = {"manifest": "copy.sha256", "licence": "", "citation": ""}
    shop.document["datasets"]["train"] = {"low": {"a": "my/low"}, "instead": {"a": "copy"}}
    offline(shop)
    with pytest.raises(InputError, match="failed"):
        shop.fetch("train")
    for name, content in copies.items():
        (shop.home / "copy").mkdir(parents=True, exist_ok=True)
        (shop.home / name).write_bytes(content)
    listing = shop.fetch("train")
    assert [item.name for item in listing.items] == ["a-2", "a-10"]
    assert listing.warnings == ["copy used instead of the originals (my/low)"]
    shop.put()
    listing = shop.fetch("train")
    assert [item.name for item in listing.items] == ["a-10", "a-2"]
    assert not listing.warnings


def test_git_blob_id(tmp_path):
    path = tmp_path / "hello"
    path.write_bytes(b"hello\n")
    blob = "git-blob:ce013625030ba8dba906f756967f9e9ca394464a"  # by `git hash-object`
    assert net.verify(path, blob) == sha256(b"hello\n")
    path.write_bytes(b"hallo\n")
    with pytest.raises(InputError, match=f"expected {blob}, found git-blob:"):
        net.verify(path, blob)


# Folders of the user


def user_entry(tmp_path, home, files, **entry):
    for name, content in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    registry = tmp_path / "mine.yaml"
    registry.write_text(yaml.safe_dump({"datasets": {"mine": entry}}))
    return registry


def test_user_folder_is_one_entry(tmp_path, home):
    files = {"photos/10.png": png(1), "photos/9.png": png(2), "photos/notes.txt": b""}
    registry = user_entry(tmp_path, home, files, low="photos")
    listing = data.fetch("mine", registry=registry)
    assert [item.name for item in listing.items] == ["9", "10"]
    assert listing.count == listing.expected == 2
    assert not listing.paired
    assert listing.items[0].high is None
    absolute = user_entry(tmp_path, home, {}, low=str(home / "photos"))
    assert data.fetch("mine", registry=absolute).sha256 == listing.sha256


def test_user_pairs(tmp_path, home):
    files = {"a/1.png": png(1), "b/1.png": png(2)}
    registry = user_entry(tmp_path, home, files, low="a", high="b")
    listing = data.fetch("mine", registry=registry)
    assert listing.paired
    assert listing.items == [data.Item("1", str(home / "a/1.png"), str(home / "b/1.png"))]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a/1.png": png(1), "b/2.png": png(2)}, "no partner"),
        ({"a/1.png": png(1), "b/1.png": png(2, (41, 36))}, "must have one size"),
        ({"a/1.png": png(1)[:2000], "b/1.png": png(2)}, "cannot be read as an image"),
        ({"a/1.png": png(1), "b/1.png": png(2)[:2000]}, "cannot be read as an image"),
        ({"a/1.png": b"text", "b/1.png": png(2)}, "not an image"),
        ({"a/1.png": png(1, (40, 31)), "b/1.png": png(2, (40, 31))}, "at least 32 px"),
        ({"a/1.txt": b"", "b/1.png": png(2)}, "no images in this folder"),
        ({"b/1.png": png(2)}, "cannot be listed"),
    ],
)
def test_bad_user_folders_stop_the_fetch(tmp_path, home, files, message):
    registry = user_entry(tmp_path, home, files, low="a", high="b")
    with pytest.raises(InputError, match=message) as error:
        data.fetch("mine", registry=registry)
    assert str(home) in one_line(error)


def test_bad_image_in_an_unpaired_folder(tmp_path, home):
    files = {"a/1.png": png(1), "a/2.png": png(2)[:2000]}
    registry = user_entry(tmp_path, home, files, low="a")
    with pytest.raises(InputError, match=r"a/2\.png: cannot be read as an image"):
        data.fetch("mine", registry=registry)


# The registry


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"datasets": {"x": {"lowe": "a"}}}, r"datasets\.x.*('lowe'|'low')"),
        ({"datasets": {"x": {"low": "a", "lowe": "a"}}}, r"datasets\.x: unknown key 'lowe'"),
        ({"datasets": {"x": {"low": "a", "count": "many"}}}, r"datasets\.x\.count: 'many' is not"),
        ({"datasets": {"x": {"low": "a", "role": "validation"}}}, r"datasets\.x\.role"),
        ({"data": {}}, "unknown key|required"),
        ({}, "'datasets' is a required"),
        (["a list"], "not of type 'object'"),
        ({"datasets": {"x": {"low": {"a": "f", "b": "g"}, "high": "h"}}}, "single folder"),
        ({"datasets": {"x": {"low": {"a": "f"}, "instead": {"b": "g"}}}}, "same names"),
    ],
)
def test_bad_registry(tmp_path, document, message):
    path = tmp_path / "datasets.yaml"
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(InputError, match=message) as error:
        data.load_registry(path)
    one_line(error)


@pytest.mark.parametrize("text", ["datasets: [", "\tdatasets: 1", "a: b: c"])
def test_registry_that_is_not_yaml(tmp_path, text):
    (tmp_path / "datasets.yaml").write_text(text)
    with pytest.raises(InputError, match="not YAML") as error:
        data.load_registry(tmp_path / "datasets.yaml")
    one_line(error)


def test_missing_registry_and_manifest(shop):
    with pytest.raises(InputError, match="cannot be read"):
        data.load_registry(shop.config / "absent.yaml")
    (shop.config / "manifests" / "set.sha256").unlink()
    with pytest.raises(InputError, match="cannot be read as a manifest"):
        data.load_registry(shop.registry)


def test_unknown_name_lists_the_known(home):
    with pytest.raises(InputError, match="unknown data set 'lol'; known: lol_eval15"):
        data.fetch("lol")


def test_shipped_registry_agrees_with_its_manifests():
    for dataset in data.load_registry().values():
        if dataset.generated:
            continue
        for folders in (dataset.low, dataset.instead):
            if folders:
                low = [f for folder in folders.values() for f in stems(dataset, folder)]
                assert len(low) == dataset.count, dataset.name
        if dataset.high:
            assert stems(dataset, dataset.low[""]) == stems(dataset, dataset.high)
        assert dataset.licence
        assert dataset.citation


def stems(dataset, folder):
    files = dataset.sources[folder].manifest
    return {Path(file).stem for file in files if str(Path(file).parent) == folder}


def test_copies_are_copies_of_the_same_images():
    train = data.load_registry()["zero_leinr_train"]
    for key, folder in train.low.items():
        assert stems(train, folder) == stems(train, train.instead[key])


def test_addresses_are_pinned_and_checksums_whole():
    document = yaml.safe_load(data.REGISTRY.read_text())
    for source in document["sources"].values():
        if "address" in source:
            assert re.search(r"/[0-9a-f]{40}(/|$)", source["address"])
    files = {}
    for source in {s for d in data.load_registry().values() for s in d.sources.values()}:
        assert all(
            re.fullmatch("[0-9a-f]{64}|git-blob:[0-9a-f]{40}", c) for c in source.manifest.values()
        )
        if source.address:
            assert set(source.folders) == {str(Path(file).parent) for file in source.manifest}
        files |= source.manifest
    assert [f for f, c in files.items() if c.startswith("git-blob")] == ["lime/5.bmp"]
    for name, entry in datasets.load_checked(data.WEIGHTS, "weights.schema.yaml").items():
        assert len(entry["sha256"]) == (8 if name == "alexnet" else 64)
        if "raw.githubusercontent.com" in entry.get("address", ""):
            assert re.search(r"/[0-9a-f]{40}/", entry["address"])


# Listings


def test_listing_round_trip(shop, tmp_path):
    listing = shop.fetch()
    data.write_listing(listing, tmp_path / "out" / "pairs.json")
    assert data.read_listing(tmp_path / "out" / "pairs.json") == listing
    content = json.loads((tmp_path / "out" / "pairs.json").read_text())
    assert {"dataset", "paired", "count", "sha256", "source", "items"} <= content.keys()
    assert content["items"][0].keys() == {"name", "low", "high"}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"items": [{}]}', '{"items": [], "more": 1}'])
def test_what_is_not_a_listing(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match="not a listing"):
        data.read_listing(tmp_path / "a.json")


def test_missing_listing(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        data.read_listing(tmp_path / "a.json")


def test_hash_follows_content_and_names(tmp_path, home):
    hashes = set()
    for files in ({"a/1.png": png(1)}, {"a/1.png": png(2)}, {"a/1.png": png(2), "a/2.png": png(1)}):
        registry = user_entry(tmp_path, home, files, low="a")
        hashes.add(data.fetch("mine", registry=registry).sha256)
    assert len(hashes) == 3


def test_embedded_sets_live_in_the_working_directory(home, tmp_path):
    listing = data.fetch("embedded_test")
    assert (listing.count, listing.paired) == (8, True)
    assert listing.items[0].low == "data/embedded/test/low/astronaut.png"
    assert (tmp_path / "data" / "embedded" / "test" / "parameters.json").is_file()


# Weights


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
    path = data.weights_file("w", registry=shelf())
    assert path == home / "weights" / "w.pt"
    assert path.read_bytes() == b"numbers"
    data.weights_file("w", registry=shelf())
    assert len(site.asked) == 1


def test_first_digits_of_a_checksum_are_compared(shelf, home):
    assert data.weights_file("w", registry=shelf(sha256=sha256(b"numbers")[:8])).exists()
    with pytest.raises(InputError, match="wrong checksum"):
        data.weights_file("w", registry=shelf(sha256="01234567"))


def test_wrong_weights_get_no_name(shelf, home, site):
    site.files["/w.pt"] = b"other numbers"
    with pytest.raises(InputError, match="wrong checksum") as error:
        data.weights_file("w", registry=shelf())
    message = one_line(error)
    for part in ("/w.pt", sha256(b"numbers"), sha256(b"other numbers")):
        assert part in message
    assert not (home / "weights" / "w.pt").exists()
    assert not (home / "weights" / "w.pt.part").exists()


def test_spoilt_weights_are_not_used(shelf, home):
    (home / "weights").mkdir(parents=True)
    (home / "weights" / "w.pt").write_bytes(b"spoilt")
    with pytest.raises(InputError, match="wrong checksum") as error:
        data.weights_file("w", registry=shelf())
    message = one_line(error)
    for part in (str(home / "weights" / "w.pt"), "/w.pt, kept as", sha256(b"numbers")):
        assert part in message


@pytest.mark.parametrize(("changes", "download"), [({}, False), ({"address": None}, True)])
def test_missing_weights_name_file_checksum_and_folder(shelf, home, site, changes, download):
    with pytest.raises(InputError, match="missing") as error:
        data.weights_file("w", download=download, registry=shelf(**changes))
    message = one_line(error)
    for part in ("w.pt", sha256(b"numbers"), str(home / "weights")):
        assert part in message
    assert not site.asked


def test_unknown_weights_and_keys(shelf):
    with pytest.raises(InputError, match="unknown weights 'v'; known: w"):
        data.weights_file("v", registry=shelf())
    with pytest.raises(InputError, match="unknown key 'md5'"):
        data.weights_file("w", registry=shelf(md5="0"))


def test_lpips_takes_whichever_file_is_there(home):
    with pytest.raises(InputError, match=r"alexnet-owt-7be5be79\.pth"):
        data.lpips_trunk_file(download=False)
    (home / "weights").mkdir(parents=True)
    (home / "weights" / "alexnet_features.npz").write_bytes(b"not it")
    with pytest.raises(InputError, match=r"alexnet_features\.npz: wrong checksum"):
        data.lpips_trunk_file(download=False)


# The real thing


@needs_data
@pytest.mark.parametrize(
    ("name", "count", "paired"),
    [("lol_eval15", 15, True), ("dicm", 64, False), ("zero_leinr_train", 2487, False)],
)
def test_real_sets_match_their_checksums(name, count, paired):
    listing = data.fetch(name, download=False)
    assert (listing.count, listing.expected, listing.paired) == (count, count, paired)
    assert len({item.name for item in listing.items}) == count


@needs_data
def test_real_lime_says_how_many_it_has():
    listing = data.fetch("lime", download=False)
    assert listing.expected == 10
    assert listing.count == 10 or f"{listing.count} images found" in listing.warnings[0]


@needs_data
def test_real_weights_match_their_checksums():
    for name in datasets.load_checked(data.WEIGHTS, "weights.schema.yaml"):
        if not name.startswith("alexnet"):
            assert data.weights_file(name, download=False).is_file()
    assert data.lpips_trunk_file(download=False).is_file()
