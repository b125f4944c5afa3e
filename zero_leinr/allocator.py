"""Memory of the processor: kept for the next layer instead of given back after each."""

import contextlib
import ctypes
import sys

M_TRIM_THRESHOLD = -1
M_MMAP_MAX = -4


def reuse_freed_memory() -> None:
    """Tells glibc's allocator to keep freed memory; does nothing with other allocators.

    A feature map of a whole image takes 100 MB. By default glibc maps such a block anew for every
    layer and the kernel clears it page by page: a third of the time of an image on two cores
    (7.0 s instead of 4.7 s for Zero-LEINR at 800x480, one thread). Results do not change.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def return_freed_memory() -> None:
    """Gives back to the system what was freed and kept; does nothing with other allocators.

    To be called where sizes change: the gaps that images of one size leave fit those of no other,
    and the memory of a process would grow with every new size.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
