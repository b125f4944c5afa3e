"""Writes the report of a study: one HTML file, with its images inside as far as there is room."""

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from experiments.report.page import examples, find_all_images, gather
from experiments.report.previews import make_previews, place_beside, place_inside, spread
from zero_leinr.atomic_write import replacing

HERE = Path(__file__).parent
LARGEST = 16_000_000  # bytes of the page; previews beyond it lie in a folder beside it


def write_report(folder: Path, out: Path | None = None, with_images: bool = True) -> Path:
    """Write the report of a study from what is there.

    Args:
        folder: ``results/<study>``.
        out: The file to write; ``report.html`` in the study's folder by default. Previews that it
            has no room for are written to a folder beside it, ``<name>_images``.
        with_images: Whether it shows the study's images; without, it holds no pixel of the data.

    Returns:
        The file.

    Raises:
        InputError: ``study.json``, a score file or an image cannot be used, or the page cannot be
            written.
    """
    out = out or folder / "report.html"
    page = gather(folder)
    found = find_all_images(folder) if with_images else []
    if with_images and not any(found):
        page["examples"] = examples(folder)
    beside = out.with_name(f"{out.stem}_images")
    room = LARGEST - len(render(page, []).encode())
    placed: dict[tuple[str, str], dict[str, Any]] = {}
    for previews in make_previews(one for own in _interleaved(found) for one in own):
        key = (previews.files.dataset, previews.files.name)
        fits = previews.size <= room
        placed[key] = place_inside(previews) if fits else place_beside(previews, beside)
        room -= previews.size * fits
    images = [placed[one.dataset, one.name] for own in found for one in own]
    with replacing(out) as draft:
        draft.write_text(render(page, images), encoding="utf-8")
    return out


def _interleaved(found: list[list[Any]]) -> list[list[Any]]:
    """Order the images so that the first ones are of all data sets, and of all parts of each."""
    orders = [[own[k] for k in spread(len(own))] for own in found]
    longest = max(map(len, orders), default=0)
    return [[own[k] for own in orders if k < len(own)] for k in range(longest)]


def render(page: dict[str, Any], images: list[dict[str, Any]]) -> str:
    """Lay the page out.

    Args:
        page: What ``gather`` returned.
        images: What ``place_inside`` and ``place_beside`` returned.
    """
    style, script = ((HERE / name).read_text("utf-8") for name in ("style.css", "script.js"))
    addresses = [address for one in images for address in one["shown"].values()]
    outside = not all(address.startswith("data:") for address in addresses)
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False}  # methods keep their order
    return environment.get_template("page.html.j2").render(
        {"examples": []} | page | {"data": page["data"] | {"images": images}},
        images=images,
        style=style,
        script=script,
        policy=content_policy(style, script, outside),
    )


def content_policy(style: str, script: str, outside: bool) -> str:
    """Return the policy that lets the page load nothing but what it holds.

    Args:
        style: Its style sheet.
        script: Its script.
        outside: Whether some of its previews lie in the folder beside it.
    """
    images = "data: 'self' file:" if outside else "data:"
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src '{_checksum(script)}'",
            f"style-src '{_checksum(style)}'",
            f"img-src {images}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _checksum(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
