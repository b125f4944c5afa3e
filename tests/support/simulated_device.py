"""A simulated GPU: a device of its own whose values the CPU computes.

Tensors on it behave as on a GPU in what matters to code that has none at hand:

- tensors of two devices do not go together (single numbers do, as on a GPU);
- whatever makes the CPU wait for a value, and whatever is copied there, is counted in `events`;
- values are real, so results can be compared with those of the CPU to the bit.

Call `start` in a process of its own, and end it with `os._exit`: PyTorch cannot take a device back,
and crashes when it frees one that Python made.
"""

import collections
from typing import Any

import torch
from torch.utils import _pytree, backend_registration

NAME = "cudasim"
"""Begins with `cuda`, so that code which asks for this prefix goes the way of a GPU."""

events: collections.Counter[str] = collections.Counter()
"""How often the CPU waited (`wait: ...`) or something was copied to the device (`upload: ...`)."""

aten = torch.ops.aten

READ = {"_local_scalar_dense", "equal", "is_nonzero", "nonzero", "masked_select"}
"""Operations that cannot go on before the CPU has seen a value."""


class OnDevice(torch.Tensor):
    """A tensor of the device; `values` is the CPU's tensor behind it."""

    values: torch.Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, values: torch.Tensor) -> "OnDevice":
        like = {"strides": values.stride(), "storage_offset": values.storage_offset()}
        with torch.inference_mode(values.is_inference()):  # a view of a weight is none
            made = torch.Tensor._make_wrapper_subclass(
                cls, values.shape, dtype=values.dtype, device=f"{NAME}:0", **like
            )
        made.values = values
        return made

    def __init__(self, values: torch.Tensor) -> None:
        pass

    def __repr__(self) -> str:  # the usual one would read values, and count
        return f"{NAME}({self.values!r})"

    def __reduce_ex__(self, protocol: Any) -> Any:
        events["wait: saved"] += 1
        return self.values.__reduce_ex__(protocol)

    def tolist(self) -> Any:
        events["wait: tolist"] += 1
        return self.values.tolist()

    @property
    def data(self) -> torch.Tensor:
        return torch.Tensor.data.__get__(self)

    @data.setter
    def data(self, other: "OnDevice") -> None:
        torch.Tensor.data.__set__(self, other)
        self.values = other.values

    @classmethod
    def __torch_dispatch__(
        cls, operation: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if torch.is_inference_mode_enabled() and operation._can_decompose():
            return operation.decompose(*args, **kwargs)  # as autograd does elsewhere
        name = operation._overloadpacket.__name__
        tensors = [x for x in _pytree.tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
        if name in READ:
            events[f"wait: {name}"] += 1
        if name == "copy_":
            _count_copy(args[1], args[0], args[2] if len(args) > 2 else False)
        elif name == "_to_copy" and _leaves(kwargs.get("device")):
            events["wait: copied to the CPU"] += 1
            return operation(*_values(args), **_values(kwargs))
        elif any(x.dim() and not isinstance(x, OnDevice) for x in tensors):
            raise RuntimeError(f"{operation}: tensors on two devices, {NAME} and the CPU")
        given = {id(x.values): x for x in tensors if isinstance(x, OnDevice)}
        made = operation(*_values(args), **_values(kwargs))
        if name in ("_local_scalar_dense", "equal", "is_nonzero"):
            return made  # a number
        # What works in place gives back the tensor that it was given.
        return _pytree.tree_map_only(
            torch.Tensor, lambda x: given[id(x)] if id(x) in given else OnDevice(x), made
        )


def _leaves(device: Any) -> bool:
    return device is not None and torch.device(device).type != NAME


def _values(arguments: Any) -> Any:
    """Arguments as the CPU's kernels take them."""
    arguments = _pytree.tree_map_only(OnDevice, lambda x: x.values, arguments)
    return _pytree.tree_map_only(torch.device, lambda _: torch.device("cpu"), arguments)


def _count_copy(source: torch.Tensor, target: torch.Tensor, non_blocking: bool) -> None:
    here, there = (isinstance(x, OnDevice) for x in (source, target))
    if there and not here:
        events["upload: copy_"] += 1
    if here != there and not non_blocking:
        events["wait: copy_"] += 1


class Generator(torch.Generator):
    """A random stream of the device draws what the CPU's draws."""

    def __new__(cls, device: Any = "cpu") -> "Generator":
        on_cpu = torch.device(device).type == NAME
        return super().__new__(cls, "cpu" if on_cpu else device)


class _Module(backend_registration._DummyBackendModule):
    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.bfloat16, torch.float16]


def start() -> torch.library.Library:
    """Make the device known to PyTorch, for the rest of this process; keep what is returned."""
    backend_registration._setup_privateuseone_for_python_backend(NAME, _Module())
    torch.Generator = Generator
    torch.cuda.mem_get_info = lambda device=None: (2**34, 2**34)
    kernels = torch.library.Library("aten", "IMPL")
    for operation in (aten.empty.memory_format, aten.empty_strided.default, aten.arange.start_step):
        kernels.impl(operation, _making(operation), "PrivateUse1")

    def copy_from(source: Any, target: Any, non_blocking: bool = False) -> torch.Tensor:
        _count_copy(source, target, non_blocking)
        values = [x.values if isinstance(x, OnDevice) else x for x in (source, target)]
        values[1].copy_(values[0])
        return target

    kernels.impl("_copy_from", copy_from, "PrivateUse1")
    return kernels


def _making(operation: Any) -> Any:
    """A kernel that makes a tensor on the device."""

    def make(*args: Any, device: Any = None, pin_memory: Any = None, **options: Any) -> OnDevice:
        return OnDevice(operation(*args, **options, device="cpu"))

    return make
