"""Find out whether bfloat16 is worth it on this CPU: a short trial on a part of the image."""

import time
from dataclasses import dataclass

import numpy as np

from zero_leinr.inference import enhance
from zero_leinr.model import ZeroLEINR

SIDE = 320
"""Of the part that is tried, in pixels."""

WORTH = 1.3
"""So many times as fast bfloat16 has to be, since it moves pixels."""


@dataclass(frozen=True)
class Trial:
    """What a trial found.

    Attributes:
        speedup: Time in float32 over time in bfloat16.
        mean: Mean absolute difference between both results, in 255ths.
        largest: The largest one.
    """

    speedup: float
    mean: float
    largest: float

    @property
    def precision(self) -> str:
        """The precision to take."""
        return "bfloat16" if self.speedup >= WORTH else "float32"

    def __str__(self) -> str:
        return (
            f"bfloat16 is {self.speedup:.1f} times as fast here and moves pixels by "
            f"{self.mean:.1f}/255 on average, {self.largest:.0f}/255 at most"
        )


def try_bfloat16(model: ZeroLEINR, image: np.ndarray) -> Trial:
    """Enhance the middle of an image in both precisions.

    Args:
        model: A trained model on the CPU.
        image: uint8 (H, W, 3).

    Returns:
        What was found; the time of each precision is the shorter one of two.
    """
    top, left = ((side - min(side, SIDE)) // 2 for side in image.shape[:2])
    part = np.ascontiguousarray(image[top : top + SIDE, left : left + SIDE])
    seconds, made = {}, {}
    for precision in ("float32", "bfloat16"):
        times = []
        for _ in range(2):
            started = time.perf_counter()
            made[precision] = enhance(model, part, "minimal", precision=precision).astype(int)
            times.append(time.perf_counter() - started)
        seconds[precision] = min(times)
    moved = np.abs(made["float32"] - made["bfloat16"])
    return Trial(seconds["float32"] / seconds["bfloat16"], float(moved.mean()), float(moved.max()))
