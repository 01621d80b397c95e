"""Small pictures made by several workers; what was asked for last comes first."""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer
from qtpy.QtCore import Signal as QtSignal

from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    from numpy.typing import NDArray
    from qtpy.QtWidgets import QWidget

    from napari_cellsets.core.cancel import CancelToken, Progress

    Picture = NDArray[np.uint8]
    Make = Callable[[int], Picture]
    Made = list[tuple[int, Picture | None]]

#: Decoding lets go of Python's lock: more workers than cores only get in the way.
WORKERS = max(1, min(4, os.cpu_count() or 1))
#: A worker brings what it has made after so long, s, and so many at most: few
#: hand-overs for pictures that are small, a first look soon at those that are not.
_SPAN_S, _BATCH = 0.06, 24


class ThumbnailQueue(QObject):
    """Makes pictures by number beside the window.

    Parameters
    ----------
    parent
        The dock that the work belongs to.
    waiting
        How many requests of `ask` may wait; older ones have been scrolled away.
    """

    made = QtSignal(object)
    """A list of (number, picture); the picture is None where it cannot be read."""

    def __init__(self, parent: QWidget, waiting: int = 60) -> None:
        super().__init__(parent)
        self._make: Make | None = None
        self._most = waiting
        self._waiting: OrderedDict[int, None] = OrderedDict()
        self._under_way: set[int] = set()
        self._unwanted: set[int] = set()
        self._runners = [JobRunner(parent, mirrored=False) for _ in range(WORKERS)]
        # rows ask while they are painted; start when the list has been painted
        self._start = QTimer(self, singleShot=True, interval=0)
        self._start.timeout.connect(self._on_start_timeout)

    def serve(self, make: Make | None) -> None:
        """Forget all that waits or is being made, and make other pictures.

        Parameters
        ----------
        make
            Returns the picture of a number, uint8 (y, x, 3), in any thread.
        """
        for runner in self._runners:
            runner.stop()
        self._make = make
        self._waiting.clear()
        self._under_way.clear()
        self._unwanted.clear()

    def ask(self, number: int) -> None:
        """Make this one next."""
        self._unwanted.discard(number)
        if number in self._coming():
            return
        self._waiting[number] = None
        self._waiting.move_to_end(number)
        if len(self._waiting) > self._most:
            self._waiting.popitem(last=False)
        self._start.start()

    def want(self, numbers: Iterable[int]) -> None:
        """Make these, the first one first, and nothing else that still waits."""
        numbers, coming = list(numbers), self._coming()
        self._unwanted = coming.difference(numbers)
        fresh = [number for number in numbers if number not in coming]
        self._waiting = OrderedDict.fromkeys(reversed(fresh))
        if fresh:
            self._start.start()

    def _coming(self) -> set[int]:
        """What is being made; nothing where a closed window stopped the workers."""
        if not any(runner.busy for runner in self._runners):
            self._under_way.clear()
        return self._under_way

    def _on_start_timeout(self) -> None:
        for runner in self._runners:
            if self._waiting and not runner.busy:
                self._give(runner)

    def _give(self, runner: JobRunner) -> None:
        make = self._make
        if make is None:
            return
        # all workers share what waits: the first screen comes from all of them
        share = min(_BATCH, -(-len(self._waiting) // len(self._runners)))
        batch = [self._waiting.popitem()[0] for _ in range(share)]
        self._under_way.update(batch)

        def work(token: CancelToken, _progress: Progress) -> Made:
            return _make_all(make, batch, token)

        def done(made: Made) -> None:
            self._on_done(made, batch[len(made) :])

        runner.start(work, title="Thumbnails", done=done, quiet=True)

    def _on_done(self, made: Made, left: list[int]) -> None:
        self._under_way.difference_update(number for number, _ in made)
        self._under_way.difference_update(left)
        again = [number for number in left if number not in self._unwanted]
        self._waiting.update(dict.fromkeys(reversed(again)))
        # the worker has its next batch before anything is drawn
        self._on_start_timeout()
        self.made.emit(made)


def _make_all(make: Make, batch: list[int], token: CancelToken) -> Made:
    """Make the first ones of a batch: all that the time is enough for."""
    made: Made = []
    end = time.monotonic() + _SPAN_S
    for number in batch:
        token.raise_if_cancelled()
        if made and time.monotonic() > end:
            break
        try:
            picture = make(number)
        except CellsetsError:
            # said where the sample is opened; the place shows an empty frame
            made.append((number, None))
        else:
            made.append((number, picture))
    return made
