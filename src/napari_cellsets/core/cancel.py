"""A flag that stops long work at once, also inside one engine call."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from napari_cellsets.core.errors import CancelledError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How work tells how far it is: a fraction 0..1 and a short text.
Progress: TypeAlias = Callable[[float, str], None]


class CancelToken:
    """Carries the wish to stop from the person to the work.

    Work calls `raise_if_cancelled` between steps. A call that cannot look at
    the flag while it runs (an engine) registers how to interrupt it with
    `interrupting`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self._interrupts: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled

    def cancel(self) -> None:
        """Ask the work to stop; safe from any thread, idempotent."""
        with self._lock:
            self._cancelled = True
            interrupts = tuple(self._interrupts)
        for interrupt in interrupts:
            interrupt()

    def raise_if_cancelled(self) -> None:
        """Raise `CancelledError` when the person asked to stop."""
        if self._cancelled:
            raise CancelledError

    @contextmanager
    def interrupting(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """Call `interrupt` if `cancel` comes while the block runs.

        Parameters
        ----------
        interrupt
            Makes the running call return early; called from another thread.
        """
        with self._lock:
            self._interrupts.append(interrupt)
        try:
            self.raise_if_cancelled()
            yield
        finally:
            with self._lock:
                self._interrupts.remove(interrupt)
