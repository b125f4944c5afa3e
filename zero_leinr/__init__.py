"""Zero-LEINR: zero-reference low-light image enhancement with intrinsic noise reduction.

The method, its training and its released weights. Needs torch, NumPy, Pillow and safetensors.

>>> from zero_leinr import enhance, load_released, ZeroLEINR, train, __version__

To read the method, take this order: curves, cpleb, enrb, losses, noise, model, recipe,
training_step, training.

Source: Tang et al., ISCAS 2023, doi 10.1109/ISCAS46773.2023.10181743; the official code
nycu-acm/Zero-LEINR at commit 22756bf6 is the reference where the paper leaves room.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zero_leinr.enhancing import enhance
    from zero_leinr.errors import InputError
    from zero_leinr.model import ZeroLEINR
    from zero_leinr.recipe import Recipe
    from zero_leinr.released import load_released
    from zero_leinr.training import train

__version__ = "0.1.0"
__all__ = [
    "InputError",
    "Recipe",
    "ZeroLEINR",
    "__version__",
    "enhance",
    "load_released",
    "train",
]

_MODULES = {
    "InputError": "errors",
    "Recipe": "recipe",
    "ZeroLEINR": "model",
    "enhance": "enhancing",
    "load_released": "released",
    "train": "training",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first used: ``import zero_leinr`` itself needs no torch."""
    if name not in _MODULES:
        raise AttributeError(f"module 'zero_leinr' has no attribute {name!r}")
    return getattr(import_module(f"zero_leinr.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
