"""Gather the pages of the site: docs/, the kept studies with their reports, the API, the files.

    python docs/build_site.py build/site-pages

Links that leave docs/ would be dead there: those to a kept study go to its page, all others become
the name of the file. Formulas become MathML, which browsers draw without a script. `make docs`
calls this, then builds the site.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from latex2mathml.converter import convert

PROJECT = Path(__file__).parents[1]
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")
FORMULA = re.compile(r"(\$\$?)([^$]+)\1")
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
SCHEMAS = PROJECT / "experiments" / "schemas"
WITH_FORMULAS = {"method.md"}
API = {
    "zero_leinr": (
        "enhancing training_step losses cpleb curves enrb noise recipe training inference released"
    ),
    "baselines": "registry recipe",
    "experiments.analysis": "results statistics comparisons claims needed compare_studies",
    "experiments.score": "run fidelity perceptual color noise order",
}


def main(target: Path) -> None:
    """Write all pages."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    pages = {path: Path(path.name) for path in sorted((PROJECT / "docs").glob("*.md"))}
    pages |= {
        path: Path("gallery") / f"{path.parent.name}.md"
        for path in sorted((PROJECT / "results/reference").glob("*/README.md"))
    }
    pages[PROJECT / "zero_leinr/weights/README.md"] = Path("model-card.md")
    pages[PROJECT / "README.md"] = Path("index.md")
    pages[PROJECT / "CONTRIBUTING.md"] = Path("contributing.md")
    for source, page in pages.items():
        text = _relinked(source, page, pages, target)
        (target / page).parent.mkdir(exist_ok=True)
        if (source.parent / "study.json").exists():
            text = _with_report(text, source.parent, target / page)
        (target / page).write_text(text, encoding="utf-8")
    _write_api(target / "api.md")
    _write_files(target / "files.md")


def _with_report(text: str, study: Path, page: Path) -> str:
    """Write a kept study's report beside its page; return the page with a link to it."""
    report = page.with_name(f"{study.name}-report.html")
    command = ["zero-leinr", "report", str(study), "--without-images", "--out", str(report)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    title, rest = text.split("\n", 1)
    link = f"[Open the report]({report.name}): every table and figure, to sort and to filter."
    return f"{title}\n\n{link}\n{rest}"


def _relinked(source: Path, page: Path, pages: dict[Path, Path], target: Path) -> str:
    """Return a page's text with its links as they are in the site; copy the pictures it shows."""
    up = Path(*[".."] * (len(page.parts) - 1))

    def place(address: str) -> tuple[Path, str]:
        path, _, anchor = address.partition("#")
        return (source.parent / path).resolve(), f"#{anchor}" if anchor else ""

    def link(found: re.Match[str]) -> str:
        text, address = found.groups()
        if "://" in address or address.startswith("#"):
            return found[0]
        file, anchor = place(address)
        if file.is_dir() and (file / "README.md") in pages:
            file /= "README.md"
        if file in pages:
            return f"[{text}]({(up / pages[file]).as_posix()}{anchor})"
        name = file.relative_to(PROJECT).as_posix()
        return f"`{name}`" if text.strip("`") in (file.name, name) else f"{text} (`{name}`)"

    def picture(found: re.Match[str]) -> str:
        file, _ = place(found[2])
        own = Path("pictures") / f"{file.parent.name}-{file.name}"
        (target / own).parent.mkdir(exist_ok=True)
        shutil.copyfile(file, target / own)
        return f"![{found[1]}]({(up / own).as_posix()})"

    text = source.read_text(encoding="utf-8")
    parts = re.split(r"(^```.*?^```$)", text, flags=re.M | re.S)  # code stays as it is
    return "".join(
        part if part.startswith("```") else _drawn(IMAGE.sub(picture, LINK.sub(link, part)), page)
        for part in parts
    )


def _drawn(text: str, page: Path) -> str:
    """Turn the formulas of the pages that have some into MathML."""
    if page.name not in WITH_FORMULAS:
        return text

    def mathml(found: re.Match[str]) -> str:
        dollars, formula = found.groups()
        if dollars == "$$":
            return _calm(convert(formula.strip(), display="block"))
        # In a span: Markdown takes a line that begins with <math> for a block of its own.
        return f"<span>{_calm(convert(formula.strip()))}</span>"

    return FORMULA.sub(mathml, text)


def _calm(mathml: str) -> str:
    """Keep the bars of a norm as high as their text."""
    return re.sub(r"<mo[^>]*>(&#x02016;|‖)</mo>", '<mo stretchy="false">‖</mo>', mathml)


def _write_api(path: Path) -> None:
    """Write the page of the API reference: the modules' docstrings."""
    lines = ["# API reference", "", "From the docstrings."]
    for package, modules in API.items():
        lines += ["", f"## {package}"]
        for module in modules.split():
            lines += ["", f"::: {package}.{module}"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_files(path: Path) -> None:
    """Write the page of the files of a study, from their schemas."""

    def schema(name: str) -> dict[str, Any]:
        return yaml.safe_load((SCHEMAS / f"{name}.schema.yaml").read_text(encoding="utf-8"))

    lines = ["# The files of a study", ""]
    lines += ["What other programs may read. Each file is checked against its schema.", ""]
    lines += [
        "## CSV",
        "",
        "Numbers are written in full; an empty field is a number that is not there.",
    ]
    for name, entry in schema("csv").items():
        fields = [(f["name"], f["type"], f.get("description", "")) for f in entry["fields"]]
        lines += _columns(name, entry["title"], "column", fields)
        lines += ["", f"Also {entry['more']}."] if "more" in entry else []
    lines += ["", "## JSON"]
    for name in ("study_json", "run_json", "leaks_json"):
        record = schema(name)
        fields = [
            (key, _kind(value), value.get("description", ""))
            for key, value in record["properties"].items()
        ]
        lines += _columns(name.replace("_", "."), record["title"], "key", fields)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _columns(name: str, title: str, what: str, fields: list[tuple[str, str, str]]) -> list[str]:
    head = [
        "",
        f"### {name}",
        "",
        f"{title}.",
        "",
        f"| {what} | type | what it is |",
        "|---|---|---|",
    ]
    return head + [f"| `{key}` | {kind} | {text} |" for key, kind, text in fields]


def _kind(value: dict[str, Any]) -> str:
    """Return the type of a value as its schema says it, without `null`."""
    kinds = value.get("type", "")
    return kinds if isinstance(kinds, str) else next(kind for kind in kinds if kind != "null")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
