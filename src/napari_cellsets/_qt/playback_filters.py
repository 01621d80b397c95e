"""The Filters page of the Playback dock: what of a recording is left out."""

from __future__ import annotations

import weakref
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QTimer, Signal, Slot
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from napari_cellsets._napari.regions import (
    add_regions_layer,
    find_regions_layer,
    read_regions,
)
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets._qt.log_field import WordField
from napari_cellsets.playback.filter_choice import FilterChoice
from napari_cellsets.playback.hot_pixels import find_hot_pixels
from napari_cellsets.playback.words import read_time, time_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari.components import ViewerModel
    from napari.layers import Shapes

    from napari_cellsets._napari.film import Film
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.playback.hot_pixels import HotPixel
    from napari_cellsets.playback.recording import Recording

_LONGEST_US = 10_000_000
#: Removed events are told no more often than this.
_REST_MS = 150
_LIST_HEIGHT = 76
_SHORT = 4
_DRAW_WIDTH = 48
_POLARITIES: Final = {"both": "ON and OFF", "on": "ON only", "off": "OFF only"}
_REGIONS: Final = {"all": "Everywhere", "inside": "Inside", "outside": "Outside"}
_TURNS: Final = ("Not turned", "90° right", "180°", "90° left")


class FiltersPage(QWidget):
    """Switches of all filters; beside each how many events of the frame it took.

    Parameters
    ----------
    film
        Whose recording is filtered.
    viewer
        Where regions are drawn.
    """

    refused = Signal(str)

    def __init__(
        self, film: Film, viewer: ViewerModel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._film, self._viewer = film, weakref.ref(viewer)
        self._watched: Shapes | None = None
        self.choice = FilterChoice()
        self.finder = JobRunner(self)
        self._resting = QTimer(self, singleShot=True, interval=_REST_MS)
        self._resting.timeout.connect(self._tell)
        self.removed: dict[str, QLabel] = {}
        self._make_parts()
        self._lay_out()
        self._connect(viewer)
        self._synchronize()

    # Building

    def _make_parts(self) -> None:
        self.polarity = _choice("Polarity", _POLARITIES, "Which events to keep")
        self.background = _switch(
            "No lonely events",
            "Take out noise: events without another one on a neighbouring pixel"
            " shortly before",
        )
        self.background_us = _time("Company within")
        self.refractory = _switch(
            "No echoes",
            "Take out what follows on an event of the same pixel too soon",
        )
        self.refractory_us = _time("Echoes within")
        self.without_hot = _switch(
            "No hot pixels", "Take out pixels that never stop talking: find them"
        )
        self.find = QPushButton("Find")
        self.find.setToolTip("Look for hot pixels in the whole recording")
        self.hot_list = QListWidget()
        self.hot_list.setAccessibleName("Hot pixels")
        self.hot_list.setFixedHeight(_LIST_HEIGHT)
        self.hot_list.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed
        )
        self.region = _choice("Region", _REGIONS, "Where events are kept")
        self.draw = QPushButton("Draw")
        self.draw.setFixedWidth(_DRAW_WIDTH)
        self.draw.setToolTip("Drag a rectangle; the layer's toolbar has polygons")
        self.only_range = _switch(
            "Only A to B", "Leave out what lies outside of A to B"
        )
        self.turn = QComboBox()
        self.turn.addItems(_TURNS)
        self.turn.setAccessibleName("Turn the picture")
        self.flip_x = _switch("Mirror ↔", "Swap left and right")
        self.flip_y = _switch("↕", "Swap top and bottom")

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setColumnStretch(1, 1)
        rows: tuple[tuple[str, QWidget, QWidget | None], ...] = (
            ("hot_pixels", self.without_hot, self.find),
            ("polarity", QLabel("Polarity"), self.polarity),
            ("background", self.background, self.background_us),
            ("refractory", self.refractory, self.refractory_us),
            ("region", QLabel("Region"), _beside(self.region, self.draw)),
            ("time", self.only_range, None),
        )
        for row, (kind, first, second) in enumerate(rows):
            grid.addWidget(first, 2 * row, 0)
            if second is not None:
                grid.addWidget(second, 2 * row, 1)
            told = self.removed[kind] = QLabel()
            told.setAccessibleName("Events removed")
            told.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            told.hide()
            grid.addWidget(told, 2 * row + 1, 0, 1, 2)
        below = 2 * len(rows)
        grid.addWidget(self.hot_list, below, 0, 1, 2)
        grid.addWidget(self.turn, below + 1, 0)
        grid.addWidget(_beside(self.flip_x, self.flip_y), below + 1, 1)
        grid.setRowStretch(below + 2, 1)

    def _connect(self, viewer: ViewerModel) -> None:
        for name, switch in (
            ("background", self.background),
            ("refractory", self.refractory),
            ("without_hot_pixels", self.without_hot),
            ("only_range", self.only_range),
            ("flip_x", self.flip_x),
            ("flip_y", self.flip_y),
        ):
            switch.toggled.connect(partial(self._set, name))
        for name, field in (
            ("background_us", self.background_us),
            ("refractory_us", self.refractory_us),
        ):
            field.edited.connect(partial(self._set_time, name))
            field.refused.connect(self.refused)
        for name, box in (("polarity", self.polarity), ("region", self.region)):
            box.activated.connect(partial(self._set_choice, name, box))
        self.turn.activated.connect(partial(self._set, "quarters"))
        self.find.clicked.connect(self._on_find_clicked)
        self.draw.clicked.connect(self._on_draw_clicked)
        film = self._film
        follow(self, film.recording_changed, self._on_recording_changed)
        events = film.playback.events
        for signal in (events.position_us, film.settings_changed):
            follow(self, signal, self._rest)
        for signal in (events.a_us, events.b_us, events.duration_us):
            follow(self, signal, self._on_range_changed)
        for signal in (viewer.layers.events.inserted, viewer.layers.events.removed):
            _hear(self, signal, self._on_layers_changed)
        self._on_layers_changed()

    # What a person does

    def _set(self, name: str, value: Any) -> None:
        setattr(self.choice, name, value)
        self._filter()

    def _set_time(self, name: str, us: float) -> None:
        self._set(name, max(1, round(us)))

    def _set_choice(self, name: str, box: QComboBox, index: int) -> None:
        self._set(name, box.itemData(index))

    @Slot()
    def _on_find_clicked(self) -> None:
        recording = self._film.recording
        if recording is None:
            return
        self.find.setEnabled(False)
        self.finder.start(
            partial(_found, recording),
            title="Find hot pixels",
            done=self._on_found,
            failed=self._on_not_found,
            cancelled=partial(self.find.setEnabled, True),
        )

    def _on_found(self, pixels: tuple[HotPixel, ...]) -> None:
        self.find.setEnabled(True)
        self.choice.hot_pixels_yx = tuple((pixel.y, pixel.x) for pixel in pixels)
        self.hot_list.clear()
        for pixel in pixels:
            self.hot_list.addItem(
                f"row {pixel.y}, column {pixel.x}: {pixel.events:,} events,"
                f" {pixel.rate_hz:,.0f} a second"
            )
        if not pixels:
            self.hot_list.addItem("No pixel is hot")
        self.choice.without_hot_pixels = bool(pixels)
        self._filter()

    def _on_not_found(self, error: Exception) -> None:
        self.find.setEnabled(True)
        self.refused.emit(str(error))

    @Slot()
    def _on_draw_clicked(self) -> None:
        viewer, image = self._viewer(), self._film.layer
        if viewer is None or image is None:
            return
        layer = find_regions_layer(viewer) or add_regions_layer(viewer, image)
        viewer.layers.selection.active = layer
        layer.mode = "add_rectangle"
        if self.choice.region == "all":
            self._set("region", "inside")

    # What changes elsewhere

    def _on_layers_changed(self, *_: object) -> None:
        viewer = self._viewer()
        layer = find_regions_layer(viewer) if viewer is not None else None
        if layer is self._watched:
            return
        if self._watched is not None:
            self._watched.events.data.disconnect(self._on_regions_changed)
        self._watched = layer
        if layer is not None:
            layer.events.data.connect(self._on_regions_changed)
        self._on_regions_changed()

    def _on_regions_changed(self, *_: object) -> None:
        regions = read_regions(self._watched)
        polygons = tuple(
            tuple((float(y), float(x)) for y, x in region.polygon_yx)
            for region in regions
            if len(region.polygon_yx) >= 3
        )
        if polygons != self.choice.polygons_yx:
            self.choice.polygons_yx = polygons
            if self.choice.region != "all":
                self._filter()

    def _on_range_changed(self, *_: object) -> None:
        playback = self._film.playback
        marked = playback.a_us is not None or playback.b_us is not None
        self.choice.range_us = (
            (playback.low_us, playback.high_us + 1) if marked else None
        )
        self.only_range.setEnabled(marked)
        if self.choice.only_range:
            self._filter()

    def _on_recording_changed(self, recording: Recording | None) -> None:
        self.finder.stop()
        self.find.setEnabled(True)
        # the pixels of another camera
        self.choice.hot_pixels_yx, self.choice.without_hot_pixels = (), False
        self.hot_list.clear()
        self._on_range_changed()
        if recording is not None:
            self._filter()

    # Filtering and counting

    def _filter(self) -> None:
        chain = self.choice.chain
        if chain != self._film.filters:
            self._film.filter(chain)
        self._synchronize()

    def _synchronize(self) -> None:
        choice = self.choice
        for box, wanted in (
            (self.background, choice.background),
            (self.refractory, choice.refractory),
            (self.without_hot, choice.without_hot_pixels),
            (self.only_range, choice.only_range),
            (self.flip_x, choice.flip_x),
            (self.flip_y, choice.flip_y),
        ):
            blocked = box.blockSignals(True)
            box.setChecked(wanted)
            box.blockSignals(blocked)
        self.polarity.setCurrentIndex(self.polarity.findData(choice.polarity))
        self.region.setCurrentIndex(self.region.findData(choice.region))
        self.turn.setCurrentIndex(choice.quarters)
        self.background_us.set_value(choice.background_us)
        self.refractory_us.set_value(choice.refractory_us)
        self.without_hot.setEnabled(bool(choice.hot_pixels_yx))
        self.hot_list.setVisible(bool(self.hot_list.count()))
        self._rest()

    def _rest(self, *_: object) -> None:
        if not self._resting.isActive():
            self._resting.start()

    @Slot()
    def _tell(self) -> None:
        """Say what each filter took from the frame on screen."""
        frames = self._film.frames
        removed = {}
        if frames is not None and frames.filters is not None and not self.isHidden():
            removed = frames.removed(self._film.step)
        for kind, label in self.removed.items():
            label.setVisible(kind in removed)
            if kind in removed:
                label.setText(f"    {removed[kind]:,} events of this frame removed")


def _found(
    recording: Recording, token: CancelToken, progress: Progress
) -> tuple[HotPixel, ...]:
    return find_hot_pixels(recording, token=token, progress=progress)


def _hear(owner: QWidget, signal: Any, slot: Callable[..., object]) -> None:
    """Connect one of napari's emitters until Qt deletes the widget."""
    signal.connect(slot)
    owner.destroyed.connect(partial(_let_go, signal, slot))


def _let_go(signal: Any, slot: Callable[..., object], *_: object) -> None:
    signal.disconnect(slot)


def _beside(*parts: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for part in parts:
        layout.addWidget(part)
    return row


def _switch(text: str, about: str) -> QCheckBox:
    box = QCheckBox(text)
    box.setToolTip(about)
    return box


def _choice(name: str, words: Mapping[str, str], about: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(about)
    for value, text in words.items():
        box.addItem(text, value)
    box.setMinimumContentsLength(_SHORT)
    box.setSizeAdjustPolicy(
        QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
    )
    return box


def _time(name: str) -> WordField:
    field = WordField(time_words, read_time, 1, _LONGEST_US)
    field.setAccessibleName(name)
    field.setToolTip(f"{name}: 250 us, 2 ms")
    return field
