"""A quick look at a data set: what is there, what can come, what stops a study."""

import pytest
import yaml
from support.downloads import png

from experiments.data.look import look
from zero_leinr.errors import InputError


def put(home, *names):
    for name in names:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(1))


@pytest.fixture
def entry(tmp_path, home):
    def write(**settings):
        registry = tmp_path / "mine.yaml"
        registry.write_text(yaml.safe_dump({"datasets": {"mine": settings}}))
        return registry

    return write


def test_a_folder_of_the_user(home, entry):
    put(home, "photos/2.png", "photos/10.png", "photos/no.png")
    seen = look("mine", entry(low="photos", without=["no"]))
    assert [item.name for item in seen.items] == ["2", "10"]
    assert seen.summary() == f"2 images in {home / 'photos'}"
    assert look("mine", entry(low="photos", count=4)).summary().startswith("3 of 4 images")


def test_what_stops_a_study_is_named(home, entry):
    with pytest.raises(InputError, match=r"data set mine: .*photos: cannot be listed"):
        look("mine", entry(low="photos"))
    put(home, "low/1.png", "low/2.png", "high/1.png")
    with pytest.raises(InputError, match=r"data set mine: .*2.png: no partner"):
        look("mine", entry(low="low", high="high"))
    with pytest.raises(InputError, match=r"unknown data set 'mein'; did you mean mine\?"):
        look("mein", entry(low="low"))


def test_files_of_an_archive_are_to_come_and_none_is_asked_for(shop, site):
    seen = look("pairs", shop.registry)
    assert (seen.to_download, seen.items, seen.count) == (4, [], 2)
    assert seen.summary() == f"0 of 2 pairs; files to download: 4, from {site.address}/set.zip"
    assert site.asked == []
    shop.put()
    seen = look("pairs", shop.registry)
    assert (seen.to_download, len(seen.items), seen.count) == (0, 2, 2)
    assert all(item.high for item in seen.items)


def test_files_without_an_address_stop_it_unless_a_part_will_do(shop):
    del shop.document["sources"]["set"]["address"]
    shop.save()
    with pytest.raises(InputError, match=r"data set pairs: .*missing \(4 in all\); put them there"):
        look("pairs", shop.registry)
    shop.put()
    (shop.home / "my" / "low" / "2.png").unlink()
    with pytest.raises(InputError, match=r"2\.png: missing \(1 in all\)"):
        look("pairs", shop.registry)
    shop.document["datasets"]["pairs"]["partial"] = True
    shop.save()
    seen = look("pairs", shop.registry)
    assert seen.summary().startswith("1 of 2 pairs in")
    assert seen.count == 1


def test_a_set_that_is_drawn_here_needs_nothing(home):
    assert look("embedded_test").summary() == "8 images, drawn when needed"
    assert look("embedded_test").count == 8
