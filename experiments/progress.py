"""Progress bars, where there is a terminal to draw them on and tqdm to draw them with."""

from typing import Any


class _Silent:
    """Takes what a bar takes, and shows nothing."""

    total: int = 0
    n: int = 0

    def update(self, done: int) -> None:
        self.n += done

    def set_postfix(self, values: Any, refresh: bool = True) -> None:
        pass

    def close(self) -> None:
        pass


def progress_bar(title: str, unit: str, total: int | None = None, scaled: bool = False) -> Any:
    """Return a bar of tqdm; a silent one without it, so that training needs no such package.

    Args:
        title: What is done.
        unit: What is counted.
        total: How many there are.
        scaled: Whether large numbers are shown as 1.2k or 3.4M.
    """
    try:
        from tqdm import tqdm
    except ImportError:
        return _Silent()
    return tqdm(desc=title, unit=unit, total=total, unit_scale=scaled, disable=None)
