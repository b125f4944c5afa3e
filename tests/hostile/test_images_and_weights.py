"""Images, weights, states and arrays that someone else wrote: a result or one clear line."""

import io
import json
import os
import pickle
import struct
import zipfile
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import save

from experiments.data.prepare import load
from zero_leinr.checkpoint import load_model, load_state
from zero_leinr.errors import InputError
from zero_leinr.images import color_profile, image_size, open_image, read_image
from zero_leinr.model import ZeroLEINR
from zero_leinr.recipe import Recipe
from zero_leinr.tensor_pickle import read_tensors

READERS = (read_image, image_size, color_profile, open_image)


def picture(kind, mode="RGB", size=(48, 40), **options):
    out = io.BytesIO()
    Image.new(mode, size, 0).save(out, kind, **options)
    return out.getvalue()


def chunk(name, content):
    crc = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)


def png(width, height, depth=8, color=2, rows=b""):
    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


WHOLE = {kind: picture(kind) for kind in ("PNG", "JPEG", "BMP", "PPM", "TIFF", "WEBP", "GIF")}
IMAGES = {
    "empty": b"",
    "text": b"an image, really",
    "NULs": bytes(5000),
    "PNG of 2^31 px": png(2**31 - 1, 2**31 - 1),
    "PNG of 100,000 px": png(100_000, 100_000),
    "PNG of no px": png(0, 0),
    "PNG of one column": png(1, 100_000),
    "PNG without rows": png(64, 64),
    "PNG of an odd depth": png(64, 64, depth=3),
    "PNG of an odd color": png(64, 64, color=5),
    "PNG bomb": png(64, 64, rows=bytes(10**7)),
    "PNG text bomb": WHOLE["PNG"][:33] + chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**8)))
    + WHOLE["PNG"][33:],
    "PPM of a lie": b"P6 100000 100000 255\n",
    "PPM of text": b"P6 x y z\n",
    "PPM negative": b"P6 -5 5 255\n" + bytes(75),
    "PGM of 2^64": b"P5 18446744073709551616 2 255\n",
    "BMP of a lie": b"BM" + struct.pack("<IHHIIiiHHIIiiII", 100, 0, 0, 54, 40, 2**31 - 1,
                                        -(2**31) + 1, 1, 24, 0, 0, 0, 0, 0, 0),
    "TIFF loop": b"II*\0\x08\0\0\0" + b"\0\0" + struct.pack("<I", 8),
    "TIFF of a lie": b"II*\0\x08\0\0\0" + struct.pack("<H", 2000),
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>",
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n(touch PWN) system\n",
    "PDF": b"%PDF-1.4\n%%EOF",
    "zip": b"PK\x03\x04" + bytes(100),
    "pickle": pickle.dumps([1, 2]),
    "too small": picture("PNG", size=(31, 64)),
    "floats": picture("TIFF", mode="F"),
    **{f"{kind} cut at {part}": WHOLE[kind][: int(len(WHOLE[kind]) * part)]
       for kind in WHOLE for part in (0.1, 0.5, 0.95)},
    **{f"{kind} with bytes turned": bytes(b ^ 255 if i % 37 == 30 else b
                                          for i, b in enumerate(WHOLE[kind])) for kind in WHOLE},
    **{f"{kind} whole": WHOLE[kind] for kind in WHOLE},
}  # fmt: skip


def is_result_or_line(reader, path):
    """A result, or one line that names the file; and no file beside it is new."""
    before = set(path.parent.iterdir())
    try:
        return reader(path) is not Ellipsis
    except InputError as error:
        said = str(error)
    assert path.name in said
    assert "\n" not in said
    assert len(said) < 1000
    assert set(path.parent.iterdir()) == before
    return False


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_is_read_or_refused_in_one_line(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.png"
    path.write_bytes(IMAGES[name])
    read = [is_result_or_line(reader, path) for reader in READERS]
    assert all(read) or not name.endswith("whole")


@pytest.mark.parametrize("reader", [*READERS, load_model, load_state, load, read_tensors])
@pytest.mark.parametrize("kind", ["pipe", "folder", "link to nothing", "link to itself", "absent"])
def test_what_is_no_file_is_refused_in_one_line(tmp_path, reader, kind):
    path = tmp_path / "a.png"
    {
        "pipe": lambda: os.mkfifo(path),
        "folder": path.mkdir,
        "link to nothing": lambda: path.symlink_to("nothing"),
        "link to itself": lambda: path.symlink_to(path),
        "absent": lambda: None,
    }[kind]()
    assert not is_result_or_line(reader, path)


LIGHT = ZeroLEINR(("light",), False).initialize(0)
MODEL = {name: tensor.contiguous() for name, tensor in LIGHT.state_dict().items()}
RECIPE = Recipe().replace({"color": None, "denoiser": None}).to_dict()
FIRST = next(iter(MODEL))


def weights(recipe=RECIPE, **tensors):
    text = recipe if isinstance(recipe, str) else json.dumps(recipe)
    return save(MODEL | tensors, {"recipe": text})


def header(text):
    return struct.pack("<Q", len(text)) + text


class Evil:
    def __reduce__(self):
        return os.system, ("touch PWN",)


def saved(content):
    out = io.BytesIO()
    torch.save(content, out)
    return out.getvalue()


def zip_of(name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr(name, b"")
    return out.getvalue()


def zip_of_version(version):
    content = bytearray(zip_of("data.pkl"))
    content[content.index(b"PK\1\2") + 6] = version
    return bytes(content)


WEIGHTS = {
    "whole": weights(),
    "NaN": weights(**{FIRST: torch.full_like(MODEL[FIRST], torch.nan)}),
    "Inf": weights(**{FIRST: torch.full_like(MODEL[FIRST], torch.inf)}),
    "int64": weights(**{FIRST: MODEL[FIRST].long()}),
    "bool": weights(**{FIRST: MODEL[FIRST] > 0}),
    "complex": weights(**{FIRST: MODEL[FIRST].to(torch.complex64)}),
    "other shape": weights(**{FIRST: torch.zeros(1)}),
    "one more": weights(more=torch.zeros(1)),
    "one less": save({FIRST: MODEL[FIRST]}, {"recipe": json.dumps(RECIPE)}),
    "no header": save(MODEL),
    **{f"recipe {text[:20]}": weights(text)
       for text in ("5", "null", "[]", '"a"', "{", "[[1, 2]]", '{"light": 5}', '{"light": [1]}',
                    '{"x": 1}', '{"lr": "NaN"}', '{"method": 5}', '{"light": {"spatial": []}}',
                    "[" * 100_000)},
    "no length": b"\0\0\0",
    "length of a lie": struct.pack("<Q", 2**63) + b"{}",
    "long header": struct.pack("<Q", 10**8 + 1) + b"{}",
    "header no JSON": header(b"not JSON"),
    "header a list": header(b"[]"),
    "offsets of a lie": header(b'{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,99999]}}'),
    "offsets backwards": header(b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}'),
    "shape of a lie": header(b'{"a":{"dtype":"F32","shape":[4294967295,4294967295],'
                             b'"data_offsets":[0,4]}}') + bytes(4),
    "dtype of a lie": header(b'{"a":{"dtype":"X","shape":[1],"data_offsets":[0,4]}}') + bytes(4),
    "cut": weights()[:-100],
    "tail": weights() + bytes(100),
    "empty": b"",
    "NULs": bytes(1000),
    "evil pickle": pickle.dumps(Evil()),
    "evil checkpoint": saved({"state_dict": Evil()}),
    "nested checkpoint": saved({"a": {"a": {"a": {"a": {"a": {"a": {}}}}}}}),
    "checkpoint of a list": saved([1, 2]),
    "checkpoint of text": saved("text"),
    "checkpoint cut": saved({"a": torch.zeros(9)})[:-50],
    "zip": b"PK\x05\x06" + bytes(18),
    "npz": b"PK\x03\x04" + bytes(40),
    # Found by Atheris.
    "zip on two disks": b"PK\6\7" + struct.pack("<LQL", 0, 0, 2) + b"PK\5\6" + bytes(18),
    "zip of a name that is no text": zip_of("\u00e9.pkl").replace(b"\xc3\xa9", b"\xc3\xc3"),
    "zip of version 25": zip_of_version(250),
}  # fmt: skip


@pytest.mark.parametrize("name", WEIGHTS)
@pytest.mark.parametrize("reader", [load_model, load_state, read_tensors, load])
def test_weights_are_read_or_refused_in_one_line(tmp_path, name, reader, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(WEIGHTS[name])
    read = is_result_or_line(reader, path)
    if reader is load_model:  # the tensors say what model it is; the recipe is not needed
        fits = name in ("whole", "no header") or name.startswith("recipe {")
        assert read == (fits and name not in ("recipe {", 'recipe {"method": 5}'))
    assert not (tmp_path / "PWN").exists()


def array(content, **options):
    out = io.BytesIO()
    np.save(out, content, **options)
    return out.getvalue()


def npy(text):
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def npz():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("a.npy", array(np.zeros(2)))
    return out.getvalue()


ARRAYS = {
    "pickled": array(np.array([Evil()], dtype=object), allow_pickle=True),
    "archive": npz(),
    "header of code": npy(b"__import__('os').system('touch PWN')"),
    "header no mapping": npy(b"[]"),
    "shape of a lie": npy(b"{'descr':'|u1','fortran_order':False,'shape':(9999999999999,)}"),
    "shape negative": npy(b"{'descr':'|u1','fortran_order':False,'shape':(-5,)}"),
    "shape of text": npy(b"{'descr':'|u1','fortran_order':False,'shape':'x'}"),
    "dtype of text": npy(b"{'descr':'nobody','fortran_order':False,'shape':(1,)}"),
    "deep header": npy(b"(" * 5000),
    "long header": npy(b" " * 60_000),
    "version": b"\x93NUMPY\x09\x00" + bytes(50),
    "cut": array(np.zeros((2, 64, 64, 3), np.uint8))[:-100],
}


@pytest.mark.parametrize("name", ARRAYS)
def test_prepared_images_are_read_or_refused_in_one_line(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.npy"
    path.write_bytes(ARRAYS[name])
    assert not is_result_or_line(load, path)
    assert not (tmp_path / "PWN").exists()


@settings(max_examples=60)
@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(st.tuples(st.integers(0, 10**4), st.integers(0, 255)), max_size=6),
)
def test_any_damaged_image_is_read_or_refused(tmp_path_factory, kind, changes):
    content = bytearray(WHOLE[kind])
    for place, value in changes:
        content[place % len(content)] = value
    path = tmp_path_factory.getbasetemp() / "damaged.png"
    path.write_bytes(content)
    for reader in READERS:
        try:
            reader(path)
        except InputError as error:
            assert "damaged.png" in str(error)  # noqa: PT017


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 10**4), st.integers(0, 255)), min_size=1, max_size=6))
def test_any_damaged_weights_are_read_or_refused(tmp_path_factory, changes):
    content = bytearray(WEIGHTS["whole"])
    for place, value in changes:
        content[place % 2000] = value
    path = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    path.write_bytes(content)
    try:
        load_model(path)
    except InputError as error:
        assert "damaged.safetensors" in str(error)  # noqa: PT017
