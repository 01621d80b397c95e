"""Where in a recording something happens: events a second, over all of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer, Signal, Slot
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets._qt.playback_plot import RatePlot

if TYPE_CHECKING:
    from qtpy.QtGui import QColor

    from napari_cellsets._napari.film import Film
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.playback.rates import RateCurve
    from napari_cellsets.playback.recording import Recording

#: A view that changes is counted anew once it has rested for so long.
_REST_MS = 60


class RateView(QWidget):
    """The curve of a film's recording, a cursor in it, and the range A to B.

    Parameters
    ----------
    film
        Whose clock the cursor shows and moves.

    Attributes
    ----------
    counted
        The curve, once all events of what is seen were counted.
    """

    refused = Signal(str)
    """Events could not be counted; why."""

    def __init__(self, film: Film, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._film = film
        self.counted: RateCurve | None = None
        self.runner = JobRunner(self, mirrored=False)
        self.plot = RatePlot()
        self._resting = QTimer(self, singleShot=True, interval=_REST_MS)
        self._resting.timeout.connect(self._count)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot)
        events = film.playback.events
        follow(self, film.recording_changed, self._on_recording_changed)
        follow(self, film.grown, self._on_grown)
        follow(self, events.position_us, self._on_position_changed)
        for signal in (events.a_us, events.b_us):
            follow(self, signal, self._on_range_changed)
        self.plot.jumped.connect(self._on_jumped)
        self.plot.range_dragged.connect(self._on_range_dragged)
        self.plot.view_changed.connect(self._resting.start)
        self._on_recording_changed(film.recording)

    @property
    def seen_us(self) -> tuple[int, int]:
        """The stretch that was counted last; (0, 0) before."""
        if self.counted is None:
            return 0, 0
        edges = self.counted.edges_us
        return int(edges[0]), int(edges[-1])

    def set_colours(self, background: QColor, text: QColor) -> None:
        """Follow the theme of the window."""
        self.plot.set_colours(background, text)

    # What the recording does

    def _on_recording_changed(self, recording: Recording | None) -> None:
        self.runner.stop()
        self.counted = None
        self.plot.show_curve(None)
        if recording is not None:
            self.plot.show_duration(recording.duration_us)
            self.plot.show_all()
            self._on_range_changed()
            self._on_position_changed()
            self._resting.start()

    def _on_grown(self) -> None:
        self.plot.show_duration(self._film.playback.duration_us)
        self._resting.start()

    def _on_position_changed(self, *_: object) -> None:
        self.plot.show_cursor(self._film.playback.position_us)

    def _on_range_changed(self, *_: object) -> None:
        playback = self._film.playback
        if playback.a_us is None and playback.b_us is None:
            self.plot.show_range(None, None)
        else:
            self.plot.show_range(playback.low_us, playback.high_us)

    # What a person does

    @Slot(float)
    def _on_jumped(self, time_us: float) -> None:
        self._film.playback.jump_to(round(time_us))

    @Slot(float, float)
    def _on_range_dragged(self, low_us: float, high_us: float) -> None:
        playback = self._film.playback
        playback.a_us, playback.b_us = max(0, round(low_us)), max(0, round(high_us))

    # Counting

    @Slot()
    def _count(self) -> None:
        """Show what the index knows at once, then count at the edges of the spans."""
        recording = self._film.recording
        if recording is None or not recording.event_count:
            return
        low, high = self.plot.view_us
        start = max(round(low), 0)
        stop = min(round(high), recording.duration_us) + 1
        if stop <= start:
            return
        columns = self.plot.columns
        self.plot.show_curve(recording.rate(start, stop, columns, exact=False))
        self.runner.start(
            partial(_counted, recording, start, stop, columns),
            title="Count events",
            done=self._on_counted,
            failed=self._on_failed,
        )

    def _on_counted(self, curve: RateCurve) -> None:
        self.counted = curve
        self.plot.show_curve(curve)

    def _on_failed(self, error: Exception) -> None:
        self.refused.emit(str(error))


def _counted(
    recording: Recording,
    start_us: int,
    stop_us: int,
    bins: int,
    token: CancelToken,
    _: Progress,
) -> RateCurve:
    return recording.rate(start_us, stop_us, bins, token)
