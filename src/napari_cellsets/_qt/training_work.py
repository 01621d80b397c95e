"""What the Train dock hands to a thread: a request in, a model out, no widget."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from napari_cellsets.training.api import train
from napari_cellsets.training.stopping import StopToken

if TYPE_CHECKING:
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.training.request import (
        Example,
        TrainingPoint,
        TrainingRequest,
        TrainingResult,
    )


class TrainingRun:
    """One run of training beside the window.

    The person's wish to stop is another one than that of a window that closes: the
    first ends the run with the best so far, the second leaves at once.

    Parameters
    ----------
    request
        What to train.

    Attributes
    ----------
    request
        The same.
    halt
        Cancelled when the person stops the run.
    """

    def __init__(self, request: TrainingRequest) -> None:
        self.request = request
        self.halt = StopToken()
        self._lock = threading.Lock()
        self._news: list[TrainingPoint | Example] = []

    def __call__(self, token: CancelToken, progress: Progress) -> TrainingResult:
        """Train and return what came of it."""
        with token.interrupting(self.halt.leave):
            return train(
                self.request, token=self.halt, progress=progress, watch=self._hear
            )

    def news(self) -> list[TrainingPoint | Example]:
        """Return what was seen since the last call; from any thread."""
        with self._lock:
            news, self._news = self._news, []
        return news

    def _hear(self, seen: TrainingPoint | Example) -> None:
        with self._lock:
            self._news.append(seen)
