"""Where a network learns, and in which numbers."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterator


def best_device() -> torch.device:
    """Pick a GPU where there is one, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("cpu")


def halves_help(device: torch.device) -> bool:
    """Whether bfloat16 is quicker than float32 here.

    On a CPU it is with AVX512-BF16 or AMX only: 0.71 s against 1.84 s a batch of
    eight 256 px crops were measured. Elsewhere it is emulated and slower.
    """
    if device.type != "cpu":
        return True
    known = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, name, bool)()) for name in known)


def autocast(device: torch.device) -> AbstractContextManager[Any]:
    """Compute in bfloat16 where that helps."""
    enabled = halves_help(device)
    context: AbstractContextManager[Any] = torch.autocast(
        device.type, torch.bfloat16, enabled=enabled
    )
    return context


@contextmanager
def repeatable(seed: int) -> Iterator[None]:
    """Make what is drawn inside follow from the seed, and leave all as it was."""
    deterministic = torch.backends.cudnn.deterministic
    benchmark = torch.backends.cudnn.benchmark
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    try:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            yield
    finally:
        torch.backends.cudnn.deterministic = deterministic
        torch.backends.cudnn.benchmark = benchmark


def keep_norms(network: nn.Module) -> None:
    """Use the statistics of all batch norms as they are.

    A network out of an ONNX file has lost the norms that were folded into its
    convolutions. Those left would learn the statistics of a few pictures and drift
    away from the folded ones. Their scale and shift still learn.
    """
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
