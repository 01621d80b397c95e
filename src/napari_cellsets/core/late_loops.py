"""Compiled loops that nobody has to wait for.

The first use on a machine compiles for some seconds, later ones load the result from
disk. Until somebody says `wait_for_loops`, the numpy way works: whoever has much to
do waits at once, a window lets a job do it beside the first pictures. Loops are made
ready one after the other: numba takes no two at a time.
"""

from __future__ import annotations

import importlib
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from napari_cellsets.core.compiled import can_compile

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from napari_cellsets.core.cancel import CancelToken

_ONE_AT_A_TIME = threading.Lock()
_ASKED: list[LateLoops] = []


def wait_for_loops(token: CancelToken | None = None) -> None:
    """Make ready, in this thread, all loops that anybody asked for so far.

    Parameters
    ----------
    token
        Looked at before each module of loops.

    Raises
    ------
    CancelledError
        If the token was cancelled.
    """
    for loops in tuple(_ASKED):
        if token is not None:
            token.raise_if_cancelled()
        loops.wait()


def loops_are_ready() -> bool:
    """Whether `wait_for_loops` would have nothing to do."""
    return not can_compile() or all(loops.settled for loops in tuple(_ASKED))


class LateLoops:
    """A module of loops, and what works in its place until it is ready.

    Parameters
    ----------
    module
        Full name of the module of loops.
    other
        Full name of the module with the same functions in numpy.
    warm
        Calls every loop of a module once, with the types it will meet.

    Attributes
    ----------
    settled
        Whether it was tried: the loops are ready, or cannot be had.
    """

    def __init__(
        self, module: str, other: str, warm: Callable[[ModuleType], None]
    ) -> None:
        self._names = module, other
        self._warm = warm
        self._ready: ModuleType | None = None
        self._asked = self.settled = False

    def now(self) -> ModuleType:
        """Return the module to use at once: compiled once it is ready."""
        if self._ready is not None and can_compile():
            return self._ready
        if not self._asked:
            self._asked = True
            _ASKED.append(self)
        return importlib.import_module(self._names[1])

    def wait(self) -> ModuleType:
        """Return the compiled module, or the other where nothing can be compiled."""
        if not self.settled and can_compile():
            with _ONE_AT_A_TIME:
                if not self.settled:
                    self._prepare()
        return self.now()

    def _prepare(self) -> None:
        # numba may be broken, or have no folder to keep its results in
        with suppress(ImportError, OSError, RuntimeError):
            module = importlib.import_module(self._names[0])
            self._warm(module)
            self._ready = module
        self.settled = True
