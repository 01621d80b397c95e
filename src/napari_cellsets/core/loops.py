"""The decorator of compiled loops; importing it imports numba (0.3 s).

All of numba is imported here and nowhere else: threads that import different parts of
it at the same time wait for each other for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from numba import njit
from numba.cpython.unsafe.numbers import leading_zeros, trailing_zeros

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["compiled", "leading_zeros", "trailing_zeros"]

F = TypeVar("F", bound="Callable[..., object]")


def compiled(loop: F) -> F:
    """Compile a loop at its first call with new types; keep the result on disk.

    Other threads run while the compiled loop does. It may call other compiled loops.
    """
    return cast("F", njit(cache=True, nogil=True)(loop))
