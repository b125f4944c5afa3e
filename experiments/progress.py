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

    def set_postfix_str(self, words: str) -> None:
        pass

    def write(self, line: str, file: Any = None) -> None:
        print(line, file=file)

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


def clock(seconds: float) -> str:
    """Return a time in words: `0:07`, `12:30`, `1:02:03`."""
    minutes, rest = divmod(round(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
