"""What lets time pass for a recording while it plays: one step after the other."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Qt, QTimer, Slot

from napari_cellsets._qt.lifetimes import follow

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.film import Film

#: While napari's slider is held or plays itself, the clock waits so long for more.
_HAND_S = 0.25
#: A frame that is still being made is looked for again after this.
_LOOK_AGAIN_MS = 2
#: The window gets at least this share of the time that a step takes.
_FREE = 0.25


class FilmTimer(QObject):
    """Advances the clock of a film while it plays.

    Never more than one step is under way: the timer is wound up again when a step
    is done, by then what was to be drawn before has been drawn, and while napari
    still slices beside the window no further step is taken. Time that passes
    meanwhile is not lost: the next step is as much further.
    """

    def __init__(self, film: Film, parent: QWidget) -> None:
        super().__init__(parent)
        self._film = film
        self._then = self._held_until = 0.0
        self._timer = QTimer(self, singleShot=True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_timeout)
        follow(self, film.playback.events.playing, self._on_playing_changed)
        follow(self, film.moved_by_hand, self._on_moved_by_hand)
        self._on_playing_changed(film.playback.playing)

    def _on_playing_changed(self, playing: bool) -> None:
        if playing:
            self._then = time.perf_counter()
            self._wind(0.0)
        else:
            self._timer.stop()
            self._film.adapt()

    def _on_moved_by_hand(self) -> None:
        self._held_until = time.perf_counter() + _HAND_S

    def _wind(self, taken_s: float) -> None:
        """Wait until the next frame is due, and long enough for the window to live."""
        due = max(1 / self._film.playback.fps - taken_s, taken_s * _FREE)
        self._timer.start(max(1, round(due * 1000)))

    @Slot()
    def _on_timeout(self) -> None:
        film, now = self._film, time.perf_counter()
        if now < self._held_until:
            self._then = now
            self._wind(0.0)
        elif not film.shown:
            self._timer.start(_LOOK_AGAIN_MS)
        else:
            elapsed, self._then = now - self._then, now
            film.playback.advance(elapsed)
            film.adapt()
            if film.playback.playing:
                self._wind(time.perf_counter() - now)
