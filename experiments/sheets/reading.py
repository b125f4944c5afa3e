"""YAML as the sheets have it; imported where one is read, since training needs none."""

from pathlib import Path
from typing import Any

import yaml
from yaml import YAMLError

__all__ = ["YAMLError", "read_yaml"]

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
    """The content of a YAML file.

    Raises:
        OSError: The file cannot be read.
        UnicodeDecodeError: It is no text.
        YAMLError: It is not YAML, or a key stands twice.
    """
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
