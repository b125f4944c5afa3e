"""Large images in tiles: as few and as large as memory allows.

A tile is cut out with all the surroundings that its pixels depend on, so the result is that of the
whole image up to rounding. The surroundings are computed twice, so large tiles save time.
"""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from zero_leinr.allocator import return_freed_memory

LARGEST = 37 * 10**8
"""Bytes of main memory that a tile takes at most: with the process, the image and the result of 12
megapixels it stays under 4 GiB."""

SMALLEST = 2**19
"""Pixels of a tile that is tried however little memory there is."""


def in_tiles(
    network: Callable[[np.ndarray], np.ndarray],
    image: np.ndarray,
    shape: tuple[int, ...],
    tile: tuple[int, int],
    margin: int,
    done: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Send an image through a network tile by tile.

    Args:
        network: Maps (h, w, 3) to the same shape and type.
        image: (H, W, 3), padded as the network needs it.
        shape: Of the result: (H, W, 3), or smaller to leave out padding at the bottom and right.
        tile: Height and width of a tile.
        margin: Pixels around a tile that the network sees, too, as far as the image has them.
        done: Called after each tile with the number of its pixels.

    Returns:
        An array of this shape, of the image's type.
    """
    result = np.empty(shape, image.dtype)
    several = tile[0] < shape[0] or tile[1] < shape[1]
    for top in range(0, shape[0], tile[0]):
        for left in range(0, shape[1], tile[1]):
            bottom, right = top + tile[0], left + tile[1]
            y, x = max(top - margin, 0), max(left - margin, 0)
            part = network(image[y : bottom + margin, x : right + margin])
            if several:
                return_freed_memory()  # the next tile may be of another size
            target = result[top:bottom, left:right]
            target[:] = part[top - y :, left - x :][: target.shape[0], : target.shape[1]]
            if done:
                done(target.shape[0] * target.shape[1])
    return result


def best_tile(height: int, width: int, pixels: int, margin: int, multiple: int) -> tuple[int, int]:
    """Return the height and width of tiles that cost the fewest pixels, margins included.

    Args:
        height: Of the image.
        width: Of the image.
        pixels: How many a tile may have with its margins.
        margin: Pixels around a tile, on its inner sides.
        multiple: A tile's sides are multiples of this.

    Examples:
        >>> best_tile(3000, 4000, 2_050_000, 128, 32)
        (1024, 1344)
    """
    found = []
    for rows in range(1, -(-height // multiple) + 1):
        for columns in range(1, -(-width // multiple) + 1):
            tall = -(-height // (multiple * rows)) * multiple
            wide = -(-width // (multiple * columns)) * multiple
            # A tile at the border of the image has a margin on its inner side alone.
            seen_height = min(tall + margin * min(rows - 1, 2), height)
            seen_width = min(wide + margin * min(columns - 1, 2), width)
            if seen_height * seen_width <= pixels:
                cost = (height + 2 * margin * (rows - 1)) * (width + 2 * margin * (columns - 1))
                found.append((cost, tall, wide))
                break  # more columns cost more
    return min(found)[1:] if found else (multiple, multiple)


def pixels_at_once(device: str, bytes_a_pixel: int) -> int:
    """Return how many pixels a network may see at once: half of the free memory, up to a limit.

    Args:
        device: Where the network is.
        bytes_a_pixel: What its feature maps take at their peak.
    """
    if device.startswith("cuda"):
        import torch

        memory = torch.cuda.mem_get_info(device)[0] // 2
    else:
        memory = min(_free_memory() // 2, LARGEST)
    return max(memory // bytes_a_pixel, SMALLEST)


def _free_memory() -> int:
    """Return the bytes of main memory that are free, for this container where it has a limit."""
    free = [2 * LARGEST]  # on systems that do not say
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        free.append(1024 * int(next(n for n in lines if n.startswith("MemAvailable:")).split()[1]))
    with contextlib.suppress(OSError, ValueError):
        folder = Path("/sys/fs/cgroup")
        limit = int((folder / "memory.max").read_text())
        free.append(limit - int((folder / "memory.current").read_text()))
    if len(free) == 1:
        with contextlib.suppress(AttributeError, OSError, ValueError):
            free.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)
    return max(min(free), 0)
