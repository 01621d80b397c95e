"""What makes one frame: a span of time or a number of events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal, Slot
from qtpy.QtWidgets import QComboBox, QGridLayout, QLabel, QWidget

from napari_cellsets._qt.lifetimes import follow
from napari_cellsets._qt.log_field import LogField
from napari_cellsets.playback.frames import FrameMode
from napari_cellsets.playback.words import (
    count_words,
    read_count,
    read_time,
    time_words,
)

if TYPE_CHECKING:
    from napari_cellsets._napari.film import Film

_SHORTEST_US, _LONGEST_US = 10, 10_000_000
_FEWEST, _MOST = 100, 10_000_000
_EVENTS = 20_000
_BY_TIME, _BY_NUMBER = "By time", "By events"
_TAU = "Decay"
_TAU_ABOUT = (
    "Time after which an event has faded to a third; a time surface looks back five"
    " times as far"
)


class WindowPart(QWidget):
    """How far a frame looks back.

    Parameters
    ----------
    film
        Whose settings are shown and changed.
    """

    refused = Signal(str)

    def __init__(self, film: Film, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._film = film
        self.kind = QComboBox()
        self.kind.addItems([_BY_TIME, _BY_NUMBER])
        self.kind.setAccessibleName("What makes a frame")
        self.kind.setToolTip("A frame shows a span of time, or a number of events")
        self.time = LogField(
            "Window",
            "How much time a frame shows: 10 µs to 10 s",
            time_words,
            read_time,
            _SHORTEST_US,
            _LONGEST_US,
        )
        self.events = LogField(
            "Events in a frame",
            "How many events a frame shows, the last before its moment",
            count_words,
            read_count,
            _FEWEST,
            _MOST,
        )
        self.tau = LogField(
            _TAU, _TAU_ABOUT, time_words, read_time, _SHORTEST_US, _LONGEST_US
        )
        self._tau_label = QLabel(_TAU)
        self._tau_label.setToolTip(_TAU_ABOUT)
        self._lay_out()
        self.kind.activated.connect(self._on_kind_activated)
        self.time.edited.connect(self._on_time_edited)
        self.events.edited.connect(self._on_events_edited)
        self.tau.edited.connect(self._on_tau_edited)
        follow(self, film.settings_changed, self._on_settings_changed)
        self._on_settings_changed()

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.kind, 0, 0)
        grid.addWidget(self._tau_label, 0, 0)
        for field in (self.time, self.events, self.tau):
            grid.addWidget(field, 0, 1)
            field.refused.connect(self.refused)

    def _on_settings_changed(self) -> None:
        settings = self._film.settings
        fades = settings.mode is FrameMode.SURFACE
        by_number = settings.window_events is not None
        self.kind.setVisible(not fades)
        self._tau_label.setVisible(fades)
        self.tau.setVisible(fades)
        self.time.setVisible(not fades and not by_number)
        self.events.setVisible(not fades and by_number)
        self.kind.setCurrentText(_BY_NUMBER if by_number else _BY_TIME)
        self.time.set_value(settings.window_us)
        self.tau.set_value(settings.tau_us)
        self.events.set_value(settings.window_events or _EVENTS)

    @Slot(int)
    def _on_kind_activated(self, index: int) -> None:
        self._film.change(window_events=round(self.events.value) if index else None)

    @Slot(float)
    def _on_time_edited(self, us: float) -> None:
        self._film.change(window_us=round(us))

    @Slot(float)
    def _on_events_edited(self, count: float) -> None:
        self._film.change(window_events=round(count))

    @Slot(float)
    def _on_tau_edited(self, us: float) -> None:
        self._film.change(tau_us=round(us))
