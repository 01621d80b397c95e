"""What to train, from what, on what, how long, where it goes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, Signal, Slot
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from napari_cellsets.inference.own_models import own_models, own_models_folder
from napari_cellsets.training.words import counted

if TYPE_CHECKING:
    from napari_cellsets.training.model import Material, TrainModel

_OTHER = "other"
_LONGEST_MINUTES = 7 * 24 * 60
_KINDS = (
    ("segmenter", "Segmenter: finds cells", "Learns from fields with outlined cells"),
    (
        "classifier",
        "Classifier: names single cells",
        "Learns from pictures of one cell each, in folders of classes",
    ),
)
_SHIPPED = {
    "segmenter": (
        "Shipped model",
        "Goes on from the shipped model that suits the pictures",
    ),
    "classifier": ("Shipped model", "Goes on from the shipped classifier"),
}
_SCRATCH = (
    "Random weights",
    "From scratch: wants hundreds of pictures and hours",
)
_DENSENET = (
    "Random weights, DenseNet-121",
    "The network as published, from scratch: slower, hours without a GPU",
)


class ChoiceBox(QComboBox):
    """A box of values with names and meanings, some of them not to be had now."""

    value_chosen = Signal(object)
    """The person chose this value."""

    def __init__(self, name: str, help_text: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setToolTip(help_text)
        self.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.setMinimumContentsLength(12)
        self._values: list[Any] = []
        self.activated.connect(self._on_activated)

    @property
    def values(self) -> list[Any]:
        """All values, in order."""
        return list(self._values)

    def offer(self, choices: list[tuple[Any, str, str, bool]], value: Any) -> None:
        """Offer (value, name, meaning, whether it can be had); show one of them."""
        self.clear()
        self._values = [choice[0] for choice in choices]
        for place, (_, name, meaning, possible) in enumerate(choices):
            self.addItem(name)
            self.setItemData(place, meaning, Qt.ItemDataRole.ToolTipRole)
            self.model().item(place).setEnabled(possible)
        self.setCurrentIndex(self._values.index(value) if value in self._values else -1)

    @Slot(int)
    def _on_activated(self, place: int) -> None:
        self.value_chosen.emit(self._values[place])


class TrainForm(QWidget):
    """The choices of a `TrainModel`, one below the other."""

    def __init__(self, model: TrainModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._channels: list[tuple[Any, str]] = []
        self._build()
        rows = QFormLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for title, part in (
            ("Train", self.kind),
            ("Begin with", self.start),
            ("Learn from", self.labels),
            ("Channel", self.channel),
            ("Learn for", self.minutes),
            ("Name", self.name),
            ("Save in", self.place),
        ):
            rows.addRow(title, part)
        self._rows = rows
        self.synchronize()

    def _build(self) -> None:
        self.kind = ChoiceBox("Train", "Follows from the set that is open")
        self.start = ChoiceBox("Begin with", "The weights that learning begins with")
        self.labels = ChoiceBox("Learn from", "The labels that are learnt")
        self.channel = ChoiceBox("Channel", "The channel in which the cells are seen")
        self.place = ChoiceBox("Save in", "Where the model and its run are written")
        self.minutes = QSpinBox()
        self.minutes.setRange(1, _LONGEST_MINUTES)
        self.minutes.setSuffix(" min")
        self.minutes.setKeyboardTracking(False)
        self.minutes.setAccessibleName("Learn for")
        self.minutes.setToolTip("Stop ends it earlier, with the best so far")
        self.name = QLineEdit()
        self.name.setAccessibleName("Name")
        self.name.setToolTip("What the model is called in the other docks")
        self.start.value_chosen.connect(self._on_start_chosen)
        self.labels.value_chosen.connect(self._on_labels_chosen)
        self.channel.value_chosen.connect(self._on_channel_chosen)
        self.place.value_chosen.connect(self._on_place_chosen)
        self.minutes.valueChanged.connect(self._on_minutes_changed)
        self.name.textEdited.connect(self._on_name_edited)

    def set_channels(self, channels: list[tuple[Any, str]]) -> None:
        """Offer the channels of the picture on screen, as (value, name)."""
        self._channels = channels
        if channels and self._model.channel not in [value for value, _ in channels]:
            self._model.channel = channels[0][0]
        self.synchronize()

    def synchronize(self) -> None:
        """Show what is chosen, and what can be chosen now; tells nobody."""
        model, material = self._model, self._model.material
        self.kind.offer(
            [(key, name, told, key == material.kind) for key, name, told in _KINDS],
            material.kind,
        )
        self.start.offer(self._starts(), model.start)
        self.labels.offer(_labels(material), model.labels)
        self.channel.offer(
            [(value, name, "", True) for value, name in self._channels], model.channel
        )
        several = material.kind == "segmenter" and len(self._channels) > 1
        self._rows.setRowVisible(self.channel, several)
        self.place.offer(self._places(), model.out)
        blocked = self.minutes.blockSignals(True)
        self.minutes.setValue(round(model.minutes))
        self.minutes.blockSignals(blocked)
        if self.name.text() != model.name:
            self.name.setText(model.name)
        self.name.setPlaceholderText("after the set")

    def _starts(self) -> list[tuple[Any, str, str, bool]]:
        classifier = self._model.material.kind == "classifier"
        task = "classification" if classifier else "segmentation"
        files = own_models("classification" if classifier else "segmentation")
        chosen = self._model.start
        if isinstance(chosen, Path) and chosen not in files:
            files = [*files, chosen]
        found: list[tuple[Any, str, str, bool]] = [
            ("shipped", *_SHIPPED[self._model.material.kind], True),
            *((path, path.stem, str(path), True) for path in files),
            ("scratch", *_SCRATCH, True),
        ]
        if classifier:
            found.append(("scratch densenet121", *_DENSENET, True))
        told = f"An ONNX file for {task} that was trained with this program"
        return [*found, (_OTHER, "Other model file…", told, True)]

    def _places(self) -> list[tuple[Any, str, str, bool]]:
        own = f"{own_models_folder()}: the other docks offer what lies there"
        found: list[tuple[Any, str, str, bool]] = [(None, "My models", own, True)]
        if self._model.out is not None:
            place = self._model.out
            found.append((place, place.name or str(place), str(place), True))
        return [*found, (_OTHER, "Other folder…", "A new or empty folder", True)]

    # Wishes

    @Slot(object)
    def _on_start_chosen(self, value: Any) -> None:
        if value == _OTHER:
            name, _ = QFileDialog.getOpenFileName(
                self, "Begin with", "", "ONNX models (*.onnx);;All files (*)"
            )
            value = Path(name) if name else self._model.start
        self._model.start = value
        self.synchronize()

    @Slot(object)
    def _on_labels_chosen(self, value: Any) -> None:
        self._model.labels = value

    @Slot(object)
    def _on_channel_chosen(self, value: Any) -> None:
        self._model.channel = value

    @Slot(object)
    def _on_place_chosen(self, value: Any) -> None:
        if value == _OTHER:
            name = QFileDialog.getExistingDirectory(self, "Save the model in")
            value = Path(name) if name else self._model.out
        self._model.out = value
        self.synchronize()

    @Slot(int)
    def _on_minutes_changed(self, minutes: int) -> None:
        self._model.minutes = float(minutes)

    @Slot(str)
    def _on_name_edited(self, text: str) -> None:
        self._model.name = text


def _labels(material: Material) -> list[tuple[Any, str, str, bool]]:
    if material.kind == "classifier":
        cells = counted(material.truth, "cell")
        told = "The classes that the folders of the set name"
        mine = counted(material.corrected, "cell")
        return [
            ("truth", f"Classes of the set: {cells}", told, True),
            (
                "corrected",
                f"Corrected classes: {mine}",
                "All cells, with the classes that people gave in place of those that"
                " the set has",
                material.corrected > 0,
            ),
        ]
    truth = counted(material.truth, "picture")
    corrected = counted(material.corrected, "picture")
    return [
        (
            "truth",
            f"Ground truth: {truth}",
            "The labels that came with the set",
            material.truth > 0,
        ),
        (
            "corrected",
            f"Corrected cells: {corrected}",
            "The cells of the pictures in which you corrected any; correct all cells"
            " of a picture",
            material.corrected > 0,
        ),
    ]
