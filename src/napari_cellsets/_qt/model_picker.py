"""Choose a model, read its card, and tell what its file does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from qtpy.QtCore import Qt, Signal, Slot
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._napari.remembered import remember_model, remembered_model
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.inference.metadata import read_model_info, shipped_models
from napari_cellsets.inference.own_models import own_models

if TYPE_CHECKING:
    from napari_cellsets.inference.classifier import ClassifierInfo
    from napari_cellsets.inference.metadata import ModelInfo

_OTHER = "Other model file…"

#: A question, why it is asked, and its answers; or what makes a value of a line
#: of text, raising `CellsetsError` where it cannot.
Question: TypeAlias = tuple[str, str, dict[str, Any] | Callable[[str], Any]]

#: What a bare model file leaves open.
QUESTIONS: Final[dict[str, Question]] = {
    "layout": (
        "Axes of the input",
        "Where the model expects the channels",
        {"channels first": "nchw", "channels last": "nhwc"},
    ),
    "channels": (
        "Input channels",
        "How many channels the model expects",
        {"3": 3, "1": 1},
    ),
    "channel_order": (
        "Channel order",
        "The order in which the model was given its colours",
        {"red, green, blue": "rgb", "blue, green, red": "bgr"},
    ),
    "normalisation": (
        "Pixel values",
        "How the model was given its pixels during training",
        {
            "0 to 1 (divided by 255)": {"kind": "divide", "value": 255},
            "0 to 255 (as they are)": {"kind": "divide", "value": 1},
            "stretched image by image": {"kind": "percentile"},
        },
    ),
    "output_kind": (
        "Output",
        "What the numbers that the model returns mean",
        {
            "probability, 0 to 1": "probability",
            "score before the sigmoid": "logit",
            "scores of several classes": "softmax",
        },
    ),
}


class ModelPicker(QWidget):
    """A box of models, a card on demand, and questions where a file is silent.

    For models of another kind, override what is told of them: `purpose`,
    `questions`, `_shipped`, `_read`, `_remembered`, `_remember`.
    """

    purpose = "The network that finds the cells"
    questions: Mapping[str, Question] = QUESTIONS

    chosen = Signal(object)
    """A complete `ModelInfo`, or None while questions are open."""
    failed = Signal(object)
    """A `CellsetsError`: the file is no usable model."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._info: ModelInfo | None = None
        self._paths: list[Path] = []
        self._answers: dict[str, QComboBox | QLineEdit] = {}
        self._build()
        for path in self._shipped():
            self._list(path)
        self.list_own()
        self._box.addItem(_OTHER)
        self._box.setCurrentIndex(0 if self._paths else -1)

    @property
    def info(self) -> ModelInfo | None:
        """The chosen model, None while there is none or it lacks an answer."""
        return self._info if self._info is not None and not self._info.missing else None

    def choose_first(self) -> None:
        """Choose the model of last time, else the shipped one, if there is one."""
        kept = self._remembered()
        if kept is not None:
            self.choose(kept)
        if self._info is None and self._paths:
            self.choose(self._paths[0])

    def choose(self, path: Path) -> None:
        """Choose a model file; tells by `chosen` or `failed`."""
        try:
            info = self._read(path)
        except CellsetsError as error:
            self._show_current()
            self.failed.emit(error)
            return
        if path not in self._paths:
            self._list(path)
        self._info = info
        self._box.setItemText(self._paths.index(path), title_of(info))
        self._show_current()
        self._card.setText(card_text(info))
        self._ask(info.missing)
        self.chosen.emit(self.info)

    def list_own(self) -> None:
        """List the models that the person trained, also those made since."""
        for path in self._own():
            if path not in self._paths:
                self._list(path)

    def _shipped(self) -> list[Path]:
        return shipped_models()

    def _own(self) -> list[Path]:
        return own_models()

    def _read(self, path: Path) -> Any:
        return read_model_info(path)

    def _remembered(self) -> Path | None:
        return remembered_model()

    def _remember(self, path: Path | None) -> None:
        remember_model(path)

    def _build(self) -> None:
        self._box = QComboBox()
        self._box.setAccessibleName("Model")
        self._box.setToolTip(self.purpose)
        self._box.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._box.setMinimumContentsLength(12)
        self._box.activated.connect(self._on_box_activated)
        self._card_button = QPushButton("About")
        self._card_button.setCheckable(True)
        self._card_button.setToolTip(
            "Licence, training data and measured quality of this model"
        )
        self._card_button.setAccessibleName("Show the model's card")
        self._card_button.toggled.connect(self._on_card_toggled)
        self._card = QLabel()
        self._card.setWordWrap(True)
        self._card.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._card.hide()
        self._questions = QWidget()
        self._questions.hide()
        top = QHBoxLayout()
        top.addWidget(self._box, 1)
        top.addWidget(self._card_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(top)
        layout.addWidget(self._card)
        layout.addWidget(self._questions)

    def _list(self, path: Path) -> None:
        self._box.insertItem(len(self._paths), path.stem)
        self._box.setItemData(len(self._paths), str(path), Qt.ItemDataRole.ToolTipRole)
        self._paths.append(path)

    def _show_current(self) -> None:
        known = self._info is not None and self._info.path in self._paths
        self._box.setCurrentIndex(
            self._paths.index(self._info.path) if known and self._info else -1
        )

    def _ask(self, missing: tuple[str, ...]) -> None:
        """Ask for what the file does not tell, in a small form below the box."""
        fresh = QWidget()
        self._answers = {}
        form = QFormLayout(fresh)
        form.setContentsMargins(0, 0, 0, 0)
        intro = QLabel("This file does not say how it wants its images:")
        intro.setWordWrap(True)
        form.addRow(intro)
        for name in missing:
            title, why, answers = self.questions[name]
            box = QLineEdit() if callable(answers) else QComboBox()
            box.setToolTip(why)
            box.setAccessibleName(title)
            if callable(answers):
                box.setPlaceholderText(why)
            else:
                box.addItems(list(answers))
            form.addRow(title, box)
            self._answers[name] = box
        use = QPushButton("Use these answers")
        use.clicked.connect(self._on_use_clicked)
        form.addRow(use)
        self.layout().replaceWidget(self._questions, fresh)
        self._questions.deleteLater()
        self._questions = fresh
        fresh.setVisible(bool(missing))

    @Slot()
    def _on_use_clicked(self) -> None:
        if self._info is None:
            return
        try:
            answers = {name: self._answer(name) for name in self._answers}
            self._info = self._info.replace(**answers)
        except CellsetsError as error:
            self.failed.emit(error)
            return
        self._ask(self._info.missing)
        self.chosen.emit(self.info)

    def _answer(self, name: str) -> Any:
        box, answers = self._answers[name], self.questions[name][2]
        if callable(answers):
            return answers(box.text())
        return answers[box.currentText()]

    @Slot(int)
    def _on_box_activated(self, index: int) -> None:
        if index < len(self._paths):
            self._pick(self._paths[index])
            return
        name, _ = QFileDialog.getOpenFileName(
            self, "Choose a model file", "", "ONNX models (*.onnx);;All files (*)"
        )
        if name:
            self._pick(Path(name))
        else:
            self._show_current()

    def _pick(self, path: Path) -> None:
        """Choose a model for this time and the next ones."""
        self.choose(path)
        if self._info is not None and self._info.path == path:
            self._remember(None if path in self._shipped() else path)

    @Slot(bool)
    def _on_card_toggled(self, shown: bool) -> None:
        self._card.setVisible(shown)


def title_of(info: ModelInfo | ClassifierInfo) -> str:
    """Return how a model is called on screen."""
    return f"{info.name or info.path.stem} {info.version}".strip()


def card_text(info: ModelInfo | ClassifierInfo) -> str:
    """Return what a model says of itself, for a person to read."""
    lines = [title_of(info)]
    lines.append(f"Licence: {info.licence or 'not stated'}")
    lines.append(f"Trained on: {_plain(info.training_data) or 'not stated'}")
    pixel_size_um = getattr(info, "pixel_size_um", None)
    if pixel_size_um:
        lines.append(f"Made for pixels of {pixel_size_um:.3g} µm")
    if len(info.classes) > 1:
        lines.append(f"Classes: {', '.join(info.classes)}")
    for name, value in info.metrics.items():
        lines.append(f"{name.replace('_', ' ')}: {_plain(value)}")
    lines.append(f"File: {info.path}")
    return "\n".join(lines)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return "; ".join(_plain(item) for item in value)
    return f"{value:.3g}" if isinstance(value, float) else str(value)
