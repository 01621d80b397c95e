"""Compiled loops that nobody waits for.

The first use on a machine compiles for a second or two, later ones load the result
from disk. Until then the numpy way works on.
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


_HEAD_START_S = 0.8
"""The first frame comes first: making loops ready would take half of its time."""

_BEGUN: list[threading.Thread] = []
_HURRY = threading.Event()


def wait_for_loops() -> None:
    """Wait until all loops that anybody asked for are compiled: for measurements."""
    _HURRY.set()
    for thread in tuple(_BEGUN):
        thread.join()


class LateLoops:
    """A module of loops that is made ready in a thread of its own.

    Parameters
    ----------
    module
        Full name of the module of loops.
    other
        Full name of the module with the same functions in numpy.
    warm
        Calls every loop of a module once, with the types it will meet.
    """

    def __init__(
        self, module: str, other: str, warm: Callable[[ModuleType], None]
    ) -> None:
        self._names = module, other
        self._warm = warm
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ready: ModuleType | None = None

    def now(self) -> ModuleType:
        """Return the module to use at once: compiled once it is ready."""
        if self._ready is not None and can_compile():
            return self._ready
        self._begin()
        return importlib.import_module(self._names[1])

    def wait(self) -> ModuleType:
        """Return the compiled module, or the other where nothing can be compiled."""
        _HURRY.set()
        thread = self._begin()
        if thread is not None:
            thread.join()
        return self.now()

    def _begin(self) -> threading.Thread | None:
        if not can_compile():
            return None
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._prepare, name="compiling loops", daemon=True
                )
                self._thread.start()
                _BEGUN.append(self._thread)
            return self._thread

    def _prepare(self) -> None:
        _HURRY.wait(_HEAD_START_S)
        # Numba may be broken, or have no folder to keep its results in.
        with suppress(ImportError, OSError, RuntimeError):
            module = importlib.import_module(self._names[0])
            self._warm(module)
            self._ready = module
