"""Small parts of the Count dock: channel, buttons, settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal, Slot
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._qt.forms import Asked, SettingsForm
from napari_cellsets.counting.model import channel_choices
from napari_cellsets.counting.settings import CountSettings

if TYPE_CHECKING:
    from napari_cellsets.core.image import Picture
    from napari_cellsets.counting.model import CountModel

_THRESHOLD = {
    "threshold": Asked(
        "Threshold",
        "How sure the model must be of a pixel: lower finds dimmer cells and more"
        " false ones. Moving it recounts at once",
    ),
}
_MORE = {
    "least_peak": Asked(
        "Surest pixel",
        "A cell whose surest pixel is below this is not counted; the threshold alone"
        " draws the outlines",
    ),
    "min_area_px": Asked("Smallest cell", "Smaller objects are not counted", 2),
    "fill_holes_px": Asked("Fill holes up to", "Holes inside a cell are closed", 2),
    "split_touching": Asked(
        "Split touching cells", "Cuts where two cells have grown together"
    ),
    "split_distance_px": Asked(
        "Between centres",
        "Cells nearer to each other than this are not split; about half the width of"
        " a cell",
        1,
    ),
}


class ChannelRow(QWidget):
    """Which channel, and for stacks which planes."""

    def __init__(self, model: CountModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._choices: list[Any] = []
        self.channel = QComboBox()
        self.channel.setAccessibleName("Channel")
        self.channel.setToolTip("The channel in which the cells are seen")
        self.planes = QComboBox()
        self.planes.addItems(["This plane", "All planes"])
        self.planes.setAccessibleName("Planes")
        self.planes.setToolTip("A stack is counted plane by plane")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel("Channel"))
        row.addWidget(self.channel, 1)
        row.addWidget(self.planes)
        self.channel.activated.connect(self._on_channel_activated)
        self.planes.activated.connect(self._on_planes_activated)
        self.synchronize(None)

    def synchronize(self, picture: Picture | None) -> None:
        """Offer what the picture has."""
        found = [] if picture is None else channel_choices(picture)
        choices = [choice for choice, _ in found]
        if [name for _, name in found] != self._texts() or choices != self._choices:
            self._choices = choices
            self.channel.clear()
            self.channel.addItems([name for _, name in found])
        if self._model.channel in choices:
            self.channel.setCurrentIndex(choices.index(self._model.channel))
        self.channel.setEnabled(len(choices) > 1)
        self.planes.setVisible(picture is not None and "z" in picture.axes)
        self.planes.setCurrentIndex(int(self._model.planes == "all"))

    def _texts(self) -> list[str]:
        return [self.channel.itemText(n) for n in range(self.channel.count())]

    @Slot(int)
    def _on_channel_activated(self, index: int) -> None:
        self._model.channel = self._choices[index]

    @Slot(int)
    def _on_planes_activated(self, index: int) -> None:
        self._model.planes = "all" if index else "current"


class CountButtons(QWidget):
    """Count this image, drawn regions, the whole set."""

    image_wanted = Signal()
    regions_wanted = Signal()
    set_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image = QPushButton("Count this image")
        font = self.image.font()
        font.setBold(True)
        self.image.setFont(font)
        self.image.setToolTip("Find and count the cells of the image on screen")
        self.regions = QPushButton("Count drawn regions")
        self.regions.setToolTip(
            "Look only inside the shapes that you drew; Regions below tells how"
        )
        self.whole_set = QPushButton("Count whole set")
        self.whole_set.setToolTip(
            "Count every image of the set; images corrected by hand keep their cells"
        )
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self.image, 0, 0, 1, 2)
        grid.addWidget(self.regions, 1, 0)
        grid.addWidget(self.whole_set, 1, 1)
        self.image.clicked.connect(self.image_wanted)
        self.regions.clicked.connect(self.regions_wanted)
        self.whole_set.clicked.connect(self.set_wanted)

    @Slot(bool)
    def set_busy(self, busy: bool) -> None:
        """Take no second wish while one is being fulfilled."""
        for button in (self.image, self.regions, self.whole_set):
            button.setEnabled(not busy)


class SettingsView(QWidget):
    """How probabilities become cells, with a way back to the model's own."""

    map_toggled = Signal(bool)
    """The person wants the map of probabilities in the image, or not."""

    def __init__(self, model: CountModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._pixel_size_um: float | None = None
        self.threshold = SettingsForm(CountSettings, _THRESHOLD)
        self.more = SettingsForm(CountSettings, _MORE)
        for form in (self.threshold, self.more):
            form.edited.connect(self._on_form_edited)
        self.more_button = QPushButton("More settings")
        self.more_button.setCheckable(True)
        self.more_button.setToolTip("Smallest cell, holes, splitting of cells")
        self.more_button.toggled.connect(self.more.setVisible)
        self.more.hide()
        self.reset = QPushButton("Reset")
        self.reset.setToolTip("Reset to the model's own settings")
        self.reset.clicked.connect(self._on_reset_clicked)
        self.map = QCheckBox("Show probability")
        self.map.setToolTip("Shows how sure the model is of each pixel")
        self.map.toggled.connect(self.map_toggled)
        row = QHBoxLayout()
        row.addWidget(self.map, 1)
        row.addWidget(self.more_button)
        row.addWidget(self.reset)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.threshold)
        layout.addLayout(row)
        layout.addWidget(self.more)
        self.synchronize(None)

    def synchronize(self, picture: Picture | None) -> None:
        """Show the settings, in micrometres too where the picture has a scale."""
        self._pixel_size_um = None if picture is None else picture.pixel_size_um
        self.show_settings()

    def show_settings(self, *_: object) -> None:
        """Show the settings of the model."""
        settings = self._model.settings
        for form in (self.threshold, self.more):
            form.synchronize(settings, self._pixel_size_um)
        self.more.inputs["split_distance_px"].setEnabled(settings.split_touching)

    @Slot(str, object)
    def _on_form_edited(self, name: str, value: object) -> None:
        self._model.change(name, value)

    @Slot()
    def _on_reset_clicked(self) -> None:
        self._model.reset_settings()


def rule() -> QFrame:
    """Return a line between two parts of a dock."""
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    line.setFrameShadow(QFrame.Shadow.Sunken)
    return line
