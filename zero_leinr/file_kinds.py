"""Say what a file is that was given as weights and holds none."""

import zipfile
from pathlib import Path

BEGINNINGS = {
    b"version https://git-lfs": "a pointer of Git LFS, not the file itself; `git lfs pull` in its "
    "repository brings the file",
    b"<!doctype": "a web page; the address leads to a page about the file, not to the file",
    b"<html": "a web page; the address leads to a page about the file, not to the file",
    b"\x89hdf": "an HDF5 file, as Keras writes; only weights of PyTorch are read",
    b"\x89png": "an image",
    b"\xff\xd8\xff": "an image",
    b"\x1f\x8b": "a compressed archive; unpack it",
    b"7z\xbc\xaf": "a compressed archive; unpack it",
    b"rar!": "a compressed archive; unpack it",
    b"{": "text, such as JSON",
    b"\x93numpy": "a NumPy array",
}
"""What files begin with (lower case) -> what they are."""


def kind_of(path: Path) -> str:
    """Say in a few words what a file is, and what to do with it; nothing in it is executed.

    Args:
        path: A file that is there.

    Examples:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile() as file:
        ...     kind_of(Path(file.name))
        'an empty file'
    """
    with path.open("rb") as file:
        begin = file.read(64).lower()
    if not begin:
        return "an empty file"
    for start, kind in BEGINNINGS.items():
        if begin.lstrip().startswith(start):
            return kind
    if path.suffix == ".onnx":
        return "an ONNX model; only weights of PyTorch are read"
    try:
        if not zipfile.is_zipfile(path):
            return "no checkpoint that torch.save wrote, or a damaged one"
        with zipfile.ZipFile(path) as file:
            names = [name for name in file.namelist() if not name.endswith("/")]
    except Exception:  # zipfile raises whatever the damaged bytes provoke
        return "a damaged zip archive"
    return _kind_of_zip(names)


def _kind_of_zip(names: list[str]) -> str:
    if any(name.endswith("constants.pkl") for name in names):
        return (
            "a TorchScript program; save its tensors where it was made: "
            "torch.save(network.state_dict(), 'weights.pth')"
        )
    if any(name.endswith("data.pkl") for name in names):
        return "a damaged checkpoint"
    return f"a zip archive with {', '.join(names[:3])}{', ...' * (len(names) > 3)}; unpack it"
