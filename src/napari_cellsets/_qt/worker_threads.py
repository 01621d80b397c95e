"""Threads that are used again, so that they share the memory that they take.

The C library of Linux lets threads allocate from some eight arenas a core. A new
thread takes the next arena in turn, and what it gives back at the end of one, up to 64
MB, stays with the process: a thread for each piece of work takes a gigabyte in hours.
"""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Work = Callable[[], None]

_IDLE_NAME = "cellsets-idle"


class Running:
    """Work that was given to a thread; made by `start_in_thread`."""

    def __init__(self) -> None:
        self.over = threading.Lock()
        self.over.acquire()

    def join(self, timeout_s: float = -1) -> bool:
        """Wait until the work has ended and its thread holds nothing of it.

        Parameters
        ----------
        timeout_s
            How long; without limit by default.

        Returns
        -------
        bool
            Whether it has.
        """
        ended = self.over.acquire(timeout=timeout_s)
        if ended:
            self.over.release()
        return ended


class _Worker:
    """A thread that does one piece of work after the other."""

    def __init__(self) -> None:
        self.given: SimpleQueue[tuple[Work, str, threading.Lock]] = SimpleQueue()
        threading.Thread(target=self._serve, name=_IDLE_NAME, daemon=True).start()

    def _serve(self) -> None:
        me = threading.current_thread()
        while True:
            work, me.name, over = self.given.get()
            work()
            del work
            me.name = _IDLE_NAME
            _IDLE.append(self)
            # nothing but waiting comes after: garbage is not collected here
            over.release()


#: The last one to end its work is used first.
_IDLE: list[_Worker] = []


def start_in_thread(work: Work, name: str) -> Running:
    """Do something in a thread that has nothing to do, else in a new one.

    Parameters
    ----------
    work
        Catches all of its errors.
    name
        Of the thread meanwhile.
    """
    running = Running()
    worker = _IDLE.pop() if _IDLE else _Worker()
    worker.given.put((work, name, running.over))
    return running
