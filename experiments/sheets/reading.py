"""Config files and records: YAML and JSON, each checked by a schema in `schemas/`."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from zero_leinr.errors import InputError, hint

PACKAGE = Path(str(resources.files("experiments")))
CONFIG = PACKAGE / "config"

# The safe loader in C, where it is there: ten times as fast, and every command reads sheets first.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):
    """Refuses a key that stands twice, of which YAML keeps the last one without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.YAMLError(f"{key} stands there twice{node.start_mark}")
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> Any:
    """Return the content of a YAML file.

    Raises:
        OSError: The file cannot be read.
        UnicodeDecodeError: It is no text.
        YAMLError: It is not YAML, or a key stands twice.
    """
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)


def load_checked(path: Path, schema: str) -> dict[str, Any]:
    """Read a YAML file and check it with one of the JSON schemas in `schemas/`.

    Args:
        path: the YAML file.
        schema: file name of the schema.

    Raises:
        InputError: no such file, not YAML, or the first thing the schema objects to, with its key.
    """
    try:
        document = read_yaml(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not YAML ({' '.join(str(error).split())})") from error
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
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid JSON ({error}); {advice}") from error
    _check_schema(content, schema, path, advice)
    return content


def _check_schema(document: Any, schema: str, path: Path, advice: str = "") -> None:
    """Raise InputError with the first thing that the schema objects to."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    rules = read_yaml(PACKAGE / "schemas" / schema)
    problem = best_match(Draft202012Validator(rules).iter_errors(document))
    if problem is None:
        return
    key = ".".join(str(part) for part in problem.absolute_path) or "the file"
    message = problem.message
    if problem.validator == "additionalProperties":
        known = problem.schema.get("properties", {})
        strange = next(name for name in problem.instance if name not in known)
        message = f"unknown key {strange!r}; {hint(strange, known)}"
    raise InputError(
        f"{path}: {key}: {' '.join(message.split())[:300]}" + (f"; {advice}" if advice else "")
    )
