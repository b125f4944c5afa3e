"""The C library's allocator: keep freed memory for the next layer, or give it back."""

import contextlib
import ctypes
import sys

M_TRIM_THRESHOLD = -1
M_MMAP_MAX = -4


def reuse_freed_memory() -> None:
    """Tell glibc's allocator to keep freed memory; do nothing with other allocators.

    A feature map of a whole image takes 100 MB. By default, glibc asks the kernel for such a block
    in every layer, and the kernel clears it page by page: a third of the time of an image on two
    cores (7.0 s instead of 4.7 s for Zero-LEINR at 800x480, one thread). Results do not change.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def return_freed_memory() -> None:
    """Give freed memory back to the system; do nothing with other allocators.

    Call this when the image size changes: the gaps that one size leaves do not fit another, so
    memory would grow with every new size.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
