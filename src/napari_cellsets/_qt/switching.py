"""Step through a set without waiting for pictures to be decoded."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal, Slot

from napari_cellsets._napari.loading import refreshed
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.lifetimes import follow

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.loading import LoadedSample
    from napari_cellsets._napari.session import Session
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.store import Project

_REST_MS = 150
"""Who stays this long looks at the sample: time to decode the next one."""
_MOST_AHEAD_BYTES = 64_000_000
"""Pictures like one that is larger are decoded when they are asked for."""
_MANY_SHAPES = 2_000
"""napari makes boxes and outlines one by one: 0.4 s for 5,000, which is told before."""
_WORD_MS = 30
"""In this time a word is on screen."""


class Switcher(QObject):
    """Decodes samples in a thread and shows them; the last one asked for wins.

    While one is being decoded, further requests replace each other, so that a
    key held down plays the set as a film instead of starving it. While a sample is
    looked at, the one that comes next on the way is decoded; only what the store
    knows of it is read when it is asked for.

    Parameters
    ----------
    session
        Its `navigator` becomes ours until the parent is deleted.
    parent
        The dock that the work belongs to.
    """

    told = Signal(str)
    """A sentence for the person: what failed, or is about to take a moment."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._runner = JobRunner(parent)
        self._wanted: int | None = None
        self._ahead: LoadedSample | None = None
        self._decoding_ahead: int | None = None
        self._told: LoadedSample | None = None
        self._word = QTimer(self, singleShot=True, interval=_WORD_MS)
        self._word.timeout.connect(self._on_word_seen)
        self._at, self._way = session.index, 1
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self._on_rest_timeout)
        session.navigator = self.ask
        follow(self, session.dataset_changed, self._on_dataset_changed)
        follow(self, session.sample_changed, self._on_sample_changed)
        self.destroyed.connect(partial(_let_go, session))

    @property
    def ahead(self) -> int | None:
        """Index of the sample that is decoded before anybody asks for it."""
        return None if self._ahead is None else self._ahead.index

    def ask(self, index: int) -> None:
        """Show a sample as soon as it is decoded."""
        self._wanted = index
        coming = self._decoding_ahead
        if not self._runner.busy or coming not in (None, index):
            self._start(index)

    def _start(self, index: int) -> None:
        self._rest.stop()
        self._decoding_ahead = None
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead.index == index:
            self._run(partial(refreshed, ahead, self._project), self._on_loaded)
        else:
            self._run(self._session.loader(index), self._on_loaded)

    def _run(
        self, load: Callable[[], LoadedSample], done: Callable[[LoadedSample], None]
    ) -> None:
        def work(_token: CancelToken, _progress: Progress) -> LoadedSample:
            return load()

        self._runner.start(
            work, title="Open sample", done=done, failed=self._on_failed, quiet=True
        )

    def _project(self) -> Project:
        return self._session.project

    def _on_loaded(self, loaded: LoadedSample) -> None:
        shapes = sum(len(one.data) for one in loaded.drawn if one.kind == "shapes")
        if shapes > _MANY_SHAPES:
            self._told = loaded
            self.told.emit(f"Drawing {shapes:,} boxes and outlines …")
            self._word.start()
        else:
            self._show(loaded)

    @Slot()
    def _on_word_seen(self) -> None:
        if self._told is not None:
            self._show(self._told)

    def _show(self, loaded: LoadedSample) -> None:
        # what is still to be drawn was asked for before
        self._word.stop()
        self._told = None
        wanted, self._wanted = self._wanted, None
        # another set may have been opened meanwhile
        current = loaded.dataset is self._session.dataset
        if current:
            self._session.display(loaded)
        if wanted is not None and not (current and wanted == loaded.index):
            self.ask(wanted)

    @Slot()
    def _on_rest_timeout(self) -> None:
        """Decode what comes next on the way."""
        session, picture = self._session, self._session.picture
        index = session.neighbour(self._way)
        if index is None:  # at an end: there is one way from here
            index = session.neighbour(-self._way)
        if index is None or picture is None or self._runner.busy:
            return
        if picture.pixels.nbytes <= _MOST_AHEAD_BYTES:
            self._decoding_ahead = index
            self._run(session.loader(index), self._on_decoded_ahead)

    def _on_decoded_ahead(self, loaded: LoadedSample) -> None:
        self._decoding_ahead = None
        if loaded.dataset is self._session.dataset:
            self._ahead = loaded
        if self._wanted is not None:
            self.ask(self._wanted)

    def _on_sample_changed(self, index: int) -> None:
        # in the order in which samples are walked, which may be any
        if self._at == self._session.neighbour(1):
            self._way = -1
        elif self._at == self._session.neighbour(-1):
            self._way = 1
        self._at = index
        self._rest.start()

    def _on_dataset_changed(self, _dataset: object) -> None:
        self._wanted = self._ahead = None
        self._way = 1

    def _on_failed(self, error: Exception) -> None:
        ahead, self._decoding_ahead = self._decoding_ahead, None
        if ahead is not None and self._wanted is None:
            return  # nobody has asked for it yet
        self._wanted = None
        self._session.stay()
        self.told.emit(str(error))


def _let_go(session: Session, *_: object) -> None:
    session.navigator = None
