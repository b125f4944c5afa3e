"""Config files and records: YAML and JSON, each checked by a schema in `schemas/`.

Files may come from others, so that what they cost is bounded: size, depth, and what a few lines of
YAML can stand for by their aliases.
"""

from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from zero_leinr.errors import InputError, hint
from zero_leinr.text_files import parse_json, read_text

PACKAGE = Path(str(resources.files("experiments")))
CONFIG = PACKAGE / "config"

# The safe loader in C, where it is there: ten times as fast, and every command reads sheets first.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


MOST, DEEPEST = 20_000, 30
"""Values that a YAML file may stand for, aliases counted as often as they are used, and how deep
they may lie in each other."""


KINDS = {"array": "a list, such as [a, b]", "object": "keys with values, such as {a: 1}"}
"""What JSON Schema's types are called in an error, where its word says little."""


class _Loader(_SafeLoader):
    """Refuses a key that stands twice, of which YAML keeps the last one without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.YAMLError(f"{key.value} stands there twice{node.start_mark}")
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def parse_yaml(text: str, where: object) -> Any:
    """Return what a YAML text says.

    Args:
        text: The text.
        where: What the error names: a file, an option.

    Raises:
        InputError: It is not YAML, a key stands twice, or it is too deep or stands for too much.
    """
    try:
        _check_bounds(text)
        return yaml.load(text, Loader=_Loader)
    # What is not of the kind that its tag says raises any of these.
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise InputError(f"{where}: not YAML ({' '.join(str(error).split())[:300]})") from error


def _check_bounds(text: str) -> None:
    """Raise YAMLError if a text is too deep or stands for too much; nothing of it is built yet."""
    sizes: dict[str, int] = {}  # of what has an anchor
    nested: list[tuple[str | None, int]] = []  # what is open: its anchor, values before it
    values = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            nested.append((event.anchor, values))
            values += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = nested.pop()
            sizes[anchor or ""] = values - before
        elif isinstance(event, yaml.ScalarEvent):
            sizes[event.anchor or ""] = size = 1 + len(event.value) // 80
            values += size
        elif isinstance(event, yaml.AliasEvent):
            values += sizes.get(event.anchor or "", MOST + 1)  # of something that holds itself
        if len(nested) > DEEPEST:
            raise yaml.YAMLError(f"more than {DEEPEST} levels deep")
        if values > MOST:
            raise yaml.YAMLError(f"it stands for more than {MOST} values")


def read_yaml(path: Path) -> Any:
    """Return the content of a YAML file; InputError as in ``read_text``, ``parse_yaml``."""
    return parse_yaml(read_text(path, "YAML"), path)


def load_checked(path: Path, schema: str) -> dict[str, Any]:
    """Read a YAML file and check it with one of the JSON schemas in `schemas/`.

    Args:
        path: the YAML file.
        schema: file name of the schema.

    Raises:
        InputError: no such file, not YAML, or the first thing the schema objects to, with its key.
    """
    document = read_yaml(path)
    _check_schema(document, schema, path)
    return document


def read_manifest(path: Path) -> dict[str, str]:
    """Read a manifest: lines `checksum  file`, as `sha256sum` writes and checks them.

    With its option `-b` it writes `checksum *file`.

    Returns:
        File, relative to the data folder -> checksum, in the order of the manifest.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.split(maxsplit=1) for line in lines if line)
    return {file.removeprefix("*"): checksum for checksum, file in pairs}


def read_json(path: Path, schema: str, advice: str) -> dict[str, Any]:
    """Read a JSON file that this project wrote, and check it with a schema in `schemas/`.

    Args:
        path: the JSON file.
        schema: file name of the schema.
        advice: what to do where it cannot be used, such as "make it again".

    Raises:
        InputError: no such file, not JSON, or the first thing the schema objects to, with its key.
    """
    content = parse_json(read_text(path, "JSON"), path, advice)
    _check_schema(content, schema, path, advice)
    return content


def _check_schema(document: Any, schema: str, path: Path, advice: str = "") -> None:
    """Raise InputError with the first thing that the schema objects to."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    rules = read_yaml(PACKAGE / "schemas" / schema)
    try:
        problem = best_match(Draft202012Validator(rules).iter_errors(document))
    except TypeError as error:  # it compares the places of two problems
        raise InputError(
            f"{path}: some keys are numbers, others text; make all of them text"
        ) from error
    if problem is None:
        return
    key = ".".join(str(part) for part in problem.absolute_path) or "the file"
    message = problem.message
    if problem.validator == "additionalProperties":
        known = problem.schema.get("properties", {})
        strange = next(name for name in problem.instance if name not in known)
        message = f"unknown key {strange!r}; {hint(strange, known)}"
    elif problem.validator == "type" and problem.validator_value in KINDS:
        message = f"must be {KINDS[problem.validator_value]}, not {problem.instance!r}"
    raise InputError(
        f"{path}: {key}: {' '.join(message.split())[:300]}" + (f"; {advice}" if advice else "")
    )
