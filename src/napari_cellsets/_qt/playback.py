"""The Playback dock: recordings of events as film."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.utils.theme import get_theme
from qtpy.QtCore import Qt, Slot
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._napari.playback_keys import PlaybackKeys
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.count_controls import rule
from napari_cellsets._qt.docking import DockContent, fill_with_page, raise_dock
from napari_cellsets._qt.edit_key_map import KeyMapView
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets._qt.messages import MessageRow, ProgressRow
from napari_cellsets._qt.pages import Pages
from napari_cellsets._qt.playback_clock import ClockPage
from napari_cellsets._qt.playback_cloud import CloudPage
from napari_cellsets._qt.playback_export import ExportPage
from napari_cellsets._qt.playback_filters import FiltersPage
from napari_cellsets._qt.playback_index import IndexFlow
from napari_cellsets._qt.playback_info import InfoPage
from napari_cellsets._qt.playback_looks import LooksPart
from napari_cellsets._qt.playback_loops import LoopsFlow
from napari_cellsets._qt.playback_rate import RateView
from napari_cellsets._qt.playback_timer import FilmTimer
from napari_cellsets._qt.playback_transport import Transport
from napari_cellsets._qt.playback_window import WindowPart
from napari_cellsets.playback.words import recording_words

if TYPE_CHECKING:
    import napari.viewer

WELCOME = (
    "Drop a recording of an event camera on the window: Prophesee RAW and DAT, HDF5,"
    " NumPy arrays, AEDAT, .es and others.\n\nNothing at hand? File > Open Sample >"
    " Cell sets shows simulated cells in a channel."
)
_KEYS_HINT = (
    "Keys work in the viewer while a recording is on screen. Double-click a key to"
    " change it."
)
_WIDTH_LEAST = 300


class PlaybackWidget(DockContent):
    """Plays the recording on screen.

    Above the tabs stands what is needed all the time; pages and a curve are added
    with `add_page` and `add_curve`.

    Parameters
    ----------
    viewer
        Its session holds the recording; this widget holds nothing but views.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self.session = get_session(viewer)
        self.film = self.session.film
        self.runner = JobRunner(self)
        self.keys = PlaybackKeys(viewer)
        self._running = True
        self._make_parts()
        self._lay_out()
        self._add_pages()
        self.timer = FilmTimer(self.film, self)
        self.index = IndexFlow(self.film, self.runner, self)
        self.loops = LoopsFlow(self.film, self)
        self._connect()
        self._on_recording_changed()
        self._on_theme_changed()

    def stop(self) -> None:
        """Hear no more of viewer and film, and stop playing."""
        if not self._running:
            return
        self._running = False
        self.keys.release()
        self.cloud.stop()
        self.clock.stop()
        self.film.playback.pause()
        self._viewer.events.theme.disconnect(self._on_theme_changed)

    def add_page(self, title: str, page: QWidget) -> None:
        """Add a tab below the player."""
        self.tabs.addTab(page, title)

    def add_curve(self, curve: QWidget) -> None:
        """Put something between the title and the buttons of the player."""
        self._curves.addWidget(curve)

    # Building

    def _make_parts(self) -> None:
        self.welcome = QLabel(WELCOME)
        self.welcome.setWordWrap(True)
        self.welcome.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.title = QLabel()
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self.title.setAccessibleName("Recording")
        self.facts = QLabel()
        self.facts.setAccessibleName("Size, length and number of events")
        for label in (self.title, self.facts):
            label.setSizePolicy(
                QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
            )
        self.progress = ProgressRow(self.runner)
        self.message = MessageRow(self.progress)
        self.transport = Transport(self.film.playback, self.keys)
        self.window_part = WindowPart(self.film)
        self.looks = LooksPart(self.film)
        self.tabs = Pages()
        # all pages in sight beside an image, in a window of 1280 pixels
        self.tabs.setStyleSheet("QTabBar::tab {padding: 3px;}")
        picture = QWidget()
        column = QVBoxLayout(picture)
        column.addWidget(self.window_part)
        column.addWidget(self.looks)
        column.addStretch(1)
        self.add_page("Look", picture)

    def _lay_out(self) -> None:
        self.player = QWidget()
        self._curves = QVBoxLayout()
        column = QVBoxLayout(self.player)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.title)
        column.addWidget(self.facts)
        column.addLayout(self._curves)
        column.addWidget(self.transport)
        column.addWidget(rule())
        column.addWidget(self.tabs, 1)
        page = QWidget()
        both = QVBoxLayout(page)
        both.setContentsMargins(6, 6, 6, 6)
        both.addWidget(self.welcome, 1)
        both.addWidget(self.player, 1)
        fill_with_page(self, page, [self.message])
        self.setMinimumWidth(_WIDTH_LEAST)

    def _add_pages(self) -> None:
        self.rate = RateView(self.film)
        self.filters = FiltersPage(self.film, self._viewer)
        self.cloud = CloudPage(self.film, self._viewer)
        self.clock = ClockPage(self.film, self._viewer)
        self.export = ExportPage(self.film)
        self.information = InfoPage(self.film)
        self.add_curve(self.rate)
        self.add_page("Filters", self.filters)
        self.add_page("Cloud", self.cloud)
        self.add_page("Clock", self.clock)
        self.add_page("Export", self.export)
        self.key_map = KeyMapView(self.keys, _KEYS_HINT)
        self.add_page("Info", self.information)
        self.add_page("Keys", self.key_map)
        pages = self.filters, self.cloud, self.clock, self.export, self.key_map
        for part in (self.rate, *pages):
            part.refused.connect(self._on_refused)

    def _connect(self) -> None:
        follow(self, self.film.recording_changed, self._on_recording_changed)
        follow(self, self.film.grown, self._on_grown)
        follow(self, self.keys.wanted, self._on_keys_wanted)
        self.index.told.connect(self.message.tell)
        self.index.offered.connect(self.message.offer)
        self.message.act_wanted.connect(self.index.go_on)
        self.transport.refused.connect(self._on_refused)
        self.window_part.refused.connect(self._on_refused)
        self._viewer.events.theme.connect(self._on_theme_changed)

    def _on_keys_wanted(self) -> None:
        raise_dock(self)
        self.tabs.setCurrentWidget(self.key_map)

    # What has changed

    def _on_recording_changed(self, *_: object) -> None:
        recording = self.film.recording
        if self._running:
            self.keys.follow(recording)
        self.welcome.setVisible(recording is None)
        self.player.setVisible(recording is not None)
        if recording is not None:
            self.title.setText(recording.name)
            self.title.setToolTip(recording.name)
        self._on_grown()

    def _on_grown(self) -> None:
        recording = self.film.recording
        if recording is not None:
            words = recording_words(recording)
            self.facts.setText(words)
            self.facts.setToolTip(words)

    @Slot(str)
    def _on_refused(self, why: str) -> None:
        self.message.tell(why, bool(why))

    def _on_theme_changed(self, *_: object) -> None:
        theme = get_theme(self._viewer.theme)
        text = QColor(theme.text.as_hex())
        self.transport.row.set_colour(text)
        self.rate.set_colours(QColor(theme.background.as_hex()), text)
