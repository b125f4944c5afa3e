"""Look for files that the readers answer with neither a result nor one line (make fuzz).

Atheris mutates the corpus of these tests, led by the lines that a file reaches in this repository,
Pillow's and PyYAML's Python. What it finds becomes a case of the corpus.

    python tests/hostile/fuzz.py images --seconds 600
"""

import argparse
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

with atheris.instrument_imports(include=["zero_leinr", "experiments", "PIL", "yaml"]):
    from hostile import test_config_and_listings, test_images_and_weights
    from PIL import Image

    from experiments.cli.common import parse_settings
    from experiments.sheets.reading import load_checked
    from zero_leinr.checkpoint import load_model, load_state
    from zero_leinr.errors import LONGEST, InputError
    from zero_leinr.recipe import Recipe
    from zero_leinr.tensor_pickle import read_tensors

SECONDS, MEGABYTES = 10, 3000  # of one file; torch alone takes 600


def read_config(path: Path) -> None:
    """Read a config file as a study and as methods, and its text as a setting."""
    each(path, *(lambda path, kind=kind: load_checked(path, kind) for kind in SCHEMAS))
    text = path.read_text(errors="surrogateescape")
    each(path, lambda _: Recipe().replace(parse_settings([f"epochs={text}", f"light={text}"])))


SCHEMAS = [f"{name}.schema.yaml" for name in ("study", "methods", "datasets")]


def each(path: Path, *readers: Callable[[Path], object]) -> None:
    """Call readers; each answers with a result or one line."""
    for reader in readers:
        try:
            reader(path)
        except InputError as error:
            if "\n" in str(error) or len(str(error)) > LONGEST:
                raise ValueError(f"no line: {error}") from error


def texts(cases: dict[str, str]) -> dict[str, bytes]:
    """Return a corpus of texts as bytes, without what is large to be refused for that."""
    return {name: text.encode() for name, text in cases.items() if text.isascii()}


TARGETS = {
    "images": (
        lambda path: each(path, *test_images_and_weights.READERS),
        test_images_and_weights.IMAGES,
    ),
    "config": (read_config, texts(test_config_and_listings.YAML)),
    "weights": (
        lambda path: each(path, load_model, load_state, read_tensors),
        test_images_and_weights.WEIGHTS,
    ),
}


def fuzz(target: str, seconds: int, found: Path) -> None:
    """Mutate the corpus of a reader; what it cannot take is kept in a folder. Does not return."""
    read, cases = TARGETS[target]
    Image.MAX_IMAGE_PIXELS = 1 << 22  # larger ones are honest work
    with tempfile.TemporaryDirectory() as scratch:
        corpus, path = Path(scratch, "corpus"), Path(scratch, "a.png")
        corpus.mkdir()
        for number, content in enumerate(cases.values()):
            if len(content) < 1 << 16:
                (corpus / str(number)).write_bytes(content)

        def one(data: bytes) -> None:
            path.write_bytes(data)
            try:
                read(path)
            except Exception as error:
                frame = traceback.extract_tb(error.__traceback__)[-1]
                where = f"{type(error).__name__}-{Path(frame.filename).stem}-{frame.lineno}"
                if not (found / where).exists():
                    (found / where).write_bytes(data)
                    traceback.print_exc()

        limits = [f"-max_total_time={seconds}", f"-timeout={SECONDS}"]
        limits += [f"-rss_limit_mb={MEGABYTES}", f"-artifact_prefix={found}/", "-max_len=65536"]
        atheris.Setup([sys.argv[0], *limits, str(corpus)], one)
        atheris.Fuzz()


def main() -> int:
    """Run the fuzzer in a process of its own, and say what it found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--found", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.found:
        fuzz(options.target, options.seconds, options.found)
    found = Path("results", "fuzz", options.target)
    found.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, *sys.argv, "--found", str(found)]
    code = subprocess.run(command, check=False).returncode
    files = sorted(found.iterdir())
    print(f"{options.target}: {len(files)} findings", *files, sep="\n  ")
    return bool(files) or code


if __name__ == "__main__":
    raise SystemExit(main())
