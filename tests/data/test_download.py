"""Fetching data sets from a server of our own: downloads, archives, checksums, what is missing."""

import os
import socket
import threading
from pathlib import Path

import pytest
from support.downloads import png, sha256
from support.helpers import one_line

from experiments.data import download as net
from zero_leinr.errors import InputError

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


def test_a_damaged_archive_gets_no_name_and_the_next_try_starts_again(shop):
    whole = shop.site.files["/set.zip"]
    shop.site.files["/set.zip"] = whole[:200] + b"\0" * 50 + whole[250:]
    with pytest.raises(InputError, match="damaged archive"):
        shop.fetch()
    assert {path.name for path in shop.archive.parent.iterdir()} <= {"set.zip.lock"}
    shop.site.files["/set.zip"] = whole
    assert shop.fetch().count == 2


def test_a_zip_bomb_is_not_unpacked(shop, monkeypatch):
    monkeypatch.setattr(net, "MOST_UNPACKED", 10_000)
    shop.serve(shop.images, **{"root-1234/bomb": b"0" * 10_000})
    with pytest.raises(InputError, match="damaged archive"):
        shop.fetch()
    monkeypatch.setattr(net, "MOST_UNPACKED", 10**9)
    monkeypatch.setattr(net, "MOST_MEMBER", 1000)
    with pytest.raises(InputError, match="too large"):
        shop.fetch()


@pytest.mark.parametrize("length", ["abc", "-5", "1e3", str(10**30), "99999999999"])
def test_a_size_that_cannot_be_is_refused(shop, length):
    shop.site.length = length
    with pytest.raises(InputError, match="downloading it from"):
        shop.fetch()
    assert not shop.archive.exists()


def test_an_endless_answer_is_broken_off_where_the_declared_size_ends(home, site):
    site.files["/w.pt"], site.endless = b"", b"x" * 1000
    with pytest.raises(InputError, match="more than the 5000 bytes"):
        net.download(f"{site.address}/w.pt", home / "w.pt", sha256(b""), 5000)
    assert (home / "w.pt.part").stat().st_size <= 5000


def test_a_server_that_drips_is_left(home, site, monkeypatch):
    monkeypatch.setattr(net, "PATIENCE", 0.1)
    site.files["/w.pt"], site.endless = b"", b"x"
    with pytest.raises(InputError, match="less than 10 KiB a second"):
        net.download(f"{site.address}/w.pt", home / "w.pt", sha256(b""), 5000)


@pytest.mark.parametrize("other", ["link", "pipe", "folder"])
def test_an_unfinished_file_that_is_something_else_is_left_alone(shop, tmp_path, other):
    part = shop.archive.with_name("set.zip.part")
    part.parent.mkdir(parents=True)
    mine = tmp_path / "mine.txt"
    mine.write_text("keep")
    {"link": lambda: part.symlink_to(mine), "pipe": lambda: os.mkfifo(part), "folder": part.mkdir}[
        other
    ]()
    with pytest.raises(InputError, match=r"set\.zip"):
        shop.fetch()
    assert mine.read_text() == "keep"


def test_the_next_mirror_is_tried(shop, home):
    address = offline(shop)
    shop.document["sources"]["set"]["mirrors"] = [
        f"{shop.site.address}/absent.zip",
        f"{shop.site.address}/set.zip",
    ]
    shop.save()
    assert shop.fetch().count == 2
    for path in home.rglob("*.*"):
        path.unlink()
    shop.site.files.clear()
    with pytest.raises(InputError, match=f"{address} failed .*, and from 2 more"):
        shop.fetch()


def test_fetch_all_brings_what_it_can_and_names_the_rest(home, monkeypatch, capsys):
    from experiments.cli import study

    def absent(name, **_):
        raise InputError(f"{name} is not there")

    monkeypatch.setattr("experiments.data.fetch.fetch", lambda name, **_: None)
    monkeypatch.setattr("experiments.data.weights.weights_file", absent)
    with pytest.raises(InputError, match=r"missing: zero_dce, .*musiq_koniq, .*clip_rn50$"):
        study._fetch_all(download=True)
    said = capsys.readouterr()
    assert "lol_eval15: there" in said.out
    assert "zero_dce: zero_dce is not there" in said.err
    assert not {"niqe", "alexnet"} & set(said.err.replace(":", " ").split())  # with the suite


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


def test_silent_network_is_given_up(shop, monkeypatch):
    """The answer would come after the test, whatever the machine's speed."""
    over = threading.Event()
    monkeypatch.setattr(net, "CONNECT_SECONDS", 0.1)
    monkeypatch.setattr(
        socket, "create_connection", lambda *a, **k: over.wait() and socket.socket()
    )
    with pytest.raises(InputError, match=r"no answer in 0\.1 s"):
        shop.fetch()
    over.set()


def test_without_permission_to_download_nobody_is_asked(shop):
    with pytest.raises(InputError, match=r"my/low/10\.png \(2 missing in .*put them there"):
        shop.fetch(download=False)
    assert not shop.site.asked


def test_archive_put_there_by_hand_is_used(shop):
    shop.archive.parent.mkdir(parents=True)
    shop.archive.write_bytes(shop.site.files["/set.zip"])
    offline(shop)
    assert shop.fetch().count == 2


def test_archive_without_an_address_is_asked_for_and_used(shop):
    del shop.document["sources"]["set"]["address"]
    shop.save()
    with pytest.raises(InputError, match=r"put them there, or their archive into .* as set\.zip"):
        shop.fetch()
    shop.archive.parent.mkdir(parents=True)
    shop.archive.write_bytes(shop.site.files["/set.zip"])
    assert shop.fetch().count == 2
    assert not shop.site.asked


def test_without_an_archive_the_files_are_asked_for(shop):
    for key in ("address", "archive", "folders"):
        del shop.document["sources"]["set"][key]
    shop.save()
    with pytest.raises(InputError, match=r"2 missing in .*low\): put them there$"):
        shop.fetch()
    shop.document["sources"]["set"]["archive"] = "set.zip"
    shop.save()
    with pytest.raises(InputError, match="'folders' is a dependency of 'archive'"):
        shop.fetch()


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


def test_pairs_without_any_reference_are_no_part_of_a_set(shop):
    shop.document["datasets"]["pairs"]["partial"] = True
    offline(shop)
    shop.put()
    for path in (shop.home / "my" / "high").iterdir():
        path.unlink()
    with pytest.raises(InputError, match=r"no image has its reference; without 10\.png, 2\.png"):
        shop.fetch()


@pytest.mark.parametrize("folder", ["my/{}/", "my//{}", "./my/{}"])
def test_a_folder_is_checked_however_it_is_written(shop, folder):
    low, high = folder.format("low"), folder.format("high")
    shop.document["datasets"]["pairs"] = {"low": low, "high": high}
    shop.document["sources"]["set"]["folders"] = {low: "deep/low/", high: "deep/high/"}
    shop.save()
    assert shop.fetch().count == 2
    (shop.home / "my" / "low" / "2.png").write_bytes(png(7))
    with pytest.raises(InputError, match="wrong checksum"):
        shop.fetch()


def test_manifest_of_binary_mode(shop):
    path = shop.config / "manifests" / "set.sha256"
    path.write_text(path.read_text().replace("  ", " *"))
    assert shop.fetch().count == 2


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
