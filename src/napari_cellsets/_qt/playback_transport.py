"""Play, step, jump and range of a recording: views of its clock."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Signal, Slot
from qtpy.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._qt.lifetimes import follow
from napari_cellsets._qt.log_field import LogField, WordField
from napari_cellsets._qt.playback_icons import icon
from napari_cellsets.playback.acts import act
from napari_cellsets.playback.clock import FASTEST, SLOWEST
from napari_cellsets.playback.words import (
    clock_words,
    read_speed,
    read_time,
    speed_words,
    time_words,
)

if TYPE_CHECKING:
    from qtpy.QtGui import QColor

    from napari_cellsets._napari.playback_keys import PlaybackKeys
from napari_cellsets.playback.clock import Playback

_ICON = QSize(18, 18)
_BUTTON = QSize(36, 30)
_MARK_BUTTON = QSize(30, 26)
#: Between two times that the speed is told.
_TELL_S = 0.3
#: What each button shows: sign, whether it points back, name.
_BUTTONS = {
    "start": ("end", True, "To the start"),
    "back": ("step", True, "One frame back, over empty stretches"),
    "backwards": ("play", True, "Play backwards"),
    "play": ("play", False, "Play"),
    "on": ("step", False, "One frame on, over empty stretches"),
    "end": ("end", False, "To the end"),
    "loop": ("loop", False, "Play again and again"),
}
_ENDS = {"a": "Start", "b": "End"}
_SPEEDS = "Slow motion to 1:10,000, up to ten times as fast"


class TransportRow(QWidget):
    """Buttons of a player."""

    def __init__(
        self, playback: Playback, keys: PlaybackKeys, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._playback, self._keys = playback, keys
        self._colour: QColor | None = None
        self.buttons: dict[str, QToolButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        row.addStretch(1)
        for name in _BUTTONS:
            button = self.buttons[name] = QToolButton()
            button.setIconSize(_ICON)
            button.setFixedSize(_BUTTON)
            button.clicked.connect(partial(act, playback, name))
            row.addWidget(button)
        row.addStretch(1)
        self.buttons["loop"].setCheckable(True)
        events = playback.events
        for signal in (events.playing, events.direction, events.loop):
            follow(self, signal, self._on_running_changed)
        follow(self, keys.changed, self._on_running_changed)
        self._on_running_changed()

    def set_colour(self, colour: QColor) -> None:
        """Draw the signs in this colour."""
        self._colour = colour
        self._on_running_changed()

    def _on_running_changed(self, *_: object) -> None:
        """Show a pause where pressing again pauses, and the present keys."""
        playback = self._playback
        self.buttons["loop"].setChecked(playback.loop)
        now = {1: "play", -1: "backwards"}[playback.direction]
        for name, (sign, back, words) in _BUTTONS.items():
            button = self.buttons[name]
            if playback.playing and name == now:
                sign, words = "pause", "Pause"
            button.setToolTip(self._keys.tip(name, words))
            button.setAccessibleName(words)
            if self._colour is not None:
                button.setIcon(icon(sign, self._colour, backwards=back))


class TimeRow(QWidget):
    """Where the recording stands; what is typed there is jumped to."""

    refused = Signal(str)

    def __init__(self, playback: Playback, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._playback = playback
        self._told_s = 0.0
        self.field = WordField(self._words, read_time, 0, 0)
        self.field.setAccessibleName("Time")
        self.field.setToolTip("Jump to a time: 250 us, 12.5 ms, 3 s, 1:02.5")
        self.whole = QLabel()
        self.whole.setAccessibleName("Length of the recording")
        self.true_speed = QLabel()
        self.true_speed.setAccessibleName("Speed that is reached")
        self.true_speed.setToolTip("How fast the recording really runs")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.field)
        row.addWidget(self.whole)
        row.addStretch(1)
        row.addWidget(self.true_speed)
        self.field.edited.connect(self._on_edited)
        self.field.refused.connect(self.refused)
        events = playback.events
        follow(self, events.position_us, self._on_position_changed)
        follow(self, events.duration_us, self._on_duration_changed)
        follow(self, events.playing, self.show_true_speed)
        self._on_duration_changed()

    def show_true_speed(self, *_: object) -> None:
        """Say how fast it runs; nothing while it stands."""
        playback = self._playback
        reached = playback.achieved_speed if playback.playing else 0.0
        self.true_speed.setText(f"runs {speed_words(reached)}" if reached else "")

    def _words(self, us: float) -> str:
        return clock_words(round(us), self._playback.duration_us)

    def _on_position_changed(self, *_: object) -> None:
        self.field.set_value(self._playback.position_us)
        if time.monotonic() - self._told_s > _TELL_S:
            self._told_s = time.monotonic()
            self.show_true_speed()

    def _on_duration_changed(self, *_: object) -> None:
        whole = self._playback.duration_us
        self.field.set_highest(whole)
        self.whole.setText(f"of {clock_words(whole, whole)}")
        self._on_position_changed()

    @Slot(float)
    def _on_edited(self, us: float) -> None:
        self._playback.jump_to(round(us))


class RangeRow(QWidget):
    """The range A to B that is played."""

    refused = Signal(str)

    def __init__(
        self, playback: Playback, keys: PlaybackKeys, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._playback, self._keys = playback, keys
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        self.buttons: dict[str, QPushButton] = {}
        self.fields: dict[str, WordField] = {}
        for name, end in _ENDS.items():
            button = self.buttons[name] = self._button(name.upper())
            button.setAccessibleName(f"Set {name.upper()} here")
            button.clicked.connect(partial(act, playback, name))
            field = self.fields[name] = WordField(time_words, read_time, 0, 0)
            field.setAccessibleName(f"{end} of the range")
            field.setToolTip(f"{end} of the range that is played")
            field.edited.connect(partial(self._on_edited, f"{name}_us"))
            field.refused.connect(self.refused)
            row.addWidget(button)
            row.addWidget(field, 1)
        self.clear = self._button("×")
        self.clear.setToolTip("Play the whole recording")
        self.clear.setAccessibleName("Clear the range")
        self.clear.clicked.connect(self._on_clear_clicked)
        row.addWidget(self.clear)
        events = playback.events
        for signal in (events.a_us, events.b_us, events.duration_us):
            follow(self, signal, self._on_range_changed)
        follow(self, keys.changed, self._on_keys_changed)
        self._on_range_changed()
        self._on_keys_changed()

    def _on_keys_changed(self) -> None:
        for name, end in _ENDS.items():
            about = f"{end} of the range: set it to this moment"
            self.buttons[name].setToolTip(self._keys.tip(name, about))

    def _button(self, text: str) -> QPushButton:
        button = QPushButton(text)
        button.setFixedSize(_MARK_BUTTON)
        return button

    def _on_range_changed(self, *_: object) -> None:
        playback = self._playback
        for field in self.fields.values():
            field.set_highest(playback.duration_us)
        a, b = playback.a_us, playback.b_us
        self.fields["a"].set_value(0 if a is None else a)
        self.fields["b"].set_value(playback.duration_us if b is None else b)
        self.clear.setEnabled(a is not None or b is not None)

    def _on_edited(self, name: str, us: float) -> None:
        setattr(self._playback, name, round(us))

    @Slot()
    def _on_clear_clicked(self) -> None:
        self._playback.a_us = self._playback.b_us = None


class SpeedRow(QWidget):
    """How fast to play, and what to do where the screen cannot follow."""

    refused = Signal(str)

    def __init__(
        self, playback: Playback, keys: PlaybackKeys, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._playback, self._keys = playback, keys
        self.speed = LogField(
            "Speed", _SPEEDS, speed_words, read_speed, SLOWEST, FASTEST
        )
        self.every_frame = QCheckBox("Every frame")
        self.every_frame.setToolTip(
            "Show every frame, and take longer where the screen cannot follow."
            " Otherwise the time is kept and frames are left out"
        )
        self.skip_empty = QCheckBox("Skip empty stretches")
        self.skip_empty.setToolTip("Go on to the next event where nothing happens")
        self.label = QLabel("Speed")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self.label, 0, 0)
        grid.addWidget(self.speed, 0, 1, 1, 2)
        grid.addWidget(self.every_frame, 1, 0, 1, 2)
        grid.addWidget(self.skip_empty, 1, 2)
        self.speed.edited.connect(self._on_speed_edited)
        self.speed.refused.connect(self.refused)
        self.every_frame.toggled.connect(self._on_every_frame_toggled)
        self.skip_empty.toggled.connect(self._on_skip_empty_toggled)
        events = playback.events
        for signal in (events.speed, events.every_frame, events.skip_empty):
            follow(self, signal, self._on_changed)
        follow(self, keys.changed, self._on_keys_changed)
        self._on_changed()
        self._on_keys_changed()

    def _on_keys_changed(self) -> None:
        tips = [self._keys.tip(name, name.title()) for name in ("slower", "faster")]
        for part in (self.label, self.speed.slider, self.speed.field):
            part.setToolTip("\n".join([_SPEEDS, *tips]))

    def _on_changed(self, *_: object) -> None:
        self.speed.set_value(self._playback.speed)
        self.every_frame.setChecked(self._playback.every_frame)
        self.skip_empty.setChecked(self._playback.skip_empty)

    @Slot(float)
    def _on_speed_edited(self, speed: float) -> None:
        self._playback.speed = speed

    @Slot(bool)
    def _on_every_frame_toggled(self, wanted: bool) -> None:
        self._playback.every_frame = wanted

    @Slot(bool)
    def _on_skip_empty_toggled(self, wanted: bool) -> None:
        self._playback.skip_empty = wanted


class Transport(QWidget):
    """All that moves a recording, one row below the other."""

    refused = Signal(str)
    """What was typed cannot be understood; why."""

    def __init__(
        self, playback: Playback, keys: PlaybackKeys, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.row = TransportRow(playback, keys)
        self.time = TimeRow(playback)
        self.range = RangeRow(playback, keys)
        self.speed = SpeedRow(playback, keys)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.row)
        for part in (self.time, self.range, self.speed):
            layout.addWidget(part)
            part.refused.connect(self.refused)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
