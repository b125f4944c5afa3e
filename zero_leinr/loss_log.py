"""The CSV of a training's losses."""

import csv
import io
import math
from pathlib import Path

import torch
from torch import Tensor

from zero_leinr.atomic_write import replacing
from zero_leinr.errors import InputError


class LossLog:
    """A CSV with step, epoch and one column for each loss.

    Losses stay on the device until ``flush``: to read them makes the CPU wait for the GPU.

    Args:
        path: The file; rows are appended to it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.pending: list[tuple[int, int, dict[str, Tensor]]] = []

    def truncate(self, first: int) -> None:
        """Keep one whole row for each step before ``first``.

        An interrupted run has written more, and its last row may be torn.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = self.path.read_text(errors="replace") if self.path.exists() else ""
        header, *rows = text.splitlines() or [""]
        if first == 0 or not header.startswith("step,"):
            self.path.unlink(missing_ok=True)
            return
        whole = [row for row in rows if row.count(",") == header.count(",")]
        steps = {row.partition(",")[0]: row for row in whole}
        kept = [steps[str(step)] for step in range(first) if str(step) in steps]
        with replacing(self.path) as temporary:
            temporary.write_text("\n".join([header, *kept]) + "\n")

    def add(self, step: int, epoch: int, values: dict[str, Tensor]) -> None:
        """Remember the losses of a step without reading them."""
        self.pending.append((step, epoch, values))

    def flush(self) -> dict[str, float]:
        """Append what is pending to the file.

        Returns:
            The losses of the latest step by name. In the file, a loss that is not finite (see
            ``training_step``) is an empty cell.

        Raises:
            InputError: The file cannot be written.
        """
        names = list(self.pending[0][2])
        values = [torch.stack(list(values.values())) for *_, values in self.pending]
        rows = torch.stack(values).tolist()
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if not self.path.exists():
            writer.writerow(["step", "epoch", *names])
        for (step, epoch, _), row in zip(self.pending, rows, strict=True):
            cells = [f"{value:.6g}" if math.isfinite(value) else "" for value in row]
            writer.writerow([step, epoch, *cells])
        try:
            with self.path.open("a", newline="") as file:
                file.write(text.getvalue())
        except OSError as error:
            reason = error.strerror or error
            raise InputError(f"{self.path}: cannot be written ({reason})") from error
        self.pending.clear()
        return dict(zip(names, rows[-1], strict=True))
