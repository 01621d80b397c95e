"""Small parts of the Train dock: buttons, progress, what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize, Qt, Signal, Slot
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets.training.words import is_better, outcome_words

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets._qt.jobs import JobRunner
    from napari_cellsets.training.request import TrainingResult

_STEPS = 1000
_CARD_SIZE = QSize(620, 520)


class TrainButtons(QWidget):
    """Start, and stop with the best so far."""

    start_wanted = Signal()
    stop_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.start = QPushButton("Start")
        font = self.start.font()
        font.setBold(True)
        self.start.setFont(font)
        self.start.setToolTip("Train as chosen; the window stays free for other work")
        self.stop = QPushButton("Stop")
        self.stop.setToolTip("End now and keep the best so far")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.start)
        row.addWidget(self.stop)
        self.start.clicked.connect(self.start_wanted)
        self.stop.clicked.connect(self.stop_wanted)

    def synchronize(self, *, possible: bool, phase: str) -> None:
        """Offer what can be done now."""
        self.start.setVisible(phase == "idle")
        self.start.setEnabled(possible)
        self.stop.setVisible(phase != "idle")
        self.stop.setEnabled(phase == "running")
        self.stop.setText("Stop" if phase == "running" else "Stopping…")


class TrainProgress(QWidget):
    """How far a run is, what it does, how long it will take."""

    def __init__(self, runner: JobRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Progress")
        self.text = QLabel()
        self.text.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
        )
        self.left = QLabel()
        self.left.setAccessibleName("Time left")
        below = QHBoxLayout()
        below.addWidget(self.text, 1)
        below.addWidget(self.left)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.bar)
        layout.addLayout(below)
        runner.progressed.connect(self._on_progressed)
        runner.busy_changed.connect(self._on_busy_changed)
        self.hide()

    def show_left(self, text: str) -> None:
        """Say how long it will take, empty where that is not known."""
        self.left.setText(text)

    @Slot(float, str)
    def _on_progressed(self, fraction: float, text: str) -> None:
        # before and after learning nobody knows how long it takes: a moving bar
        self.bar.setRange(0, _STEPS if 0 < fraction < 1 else 0)
        self.bar.setValue(round(_STEPS * fraction))
        self.text.setText(text)

    @Slot(bool)
    def _on_busy_changed(self, busy: bool) -> None:
        self.setVisible(busy)
        self.bar.setRange(0, 0)
        self.text.setText("Starting…")
        self.left.clear()


class OutcomeView(QWidget):
    """Figures before and after, the model's card, and its way into the docks."""

    use_wanted = Signal(object)
    """Path of the model that the person wants to use now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._result: TrainingResult | None = None
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding
        )
        self.text.setAccessibleName("What came of it")
        self.use = QPushButton("Use it now")
        font = self.use.font()
        font.setBold(True)
        self.use.setFont(font)
        self.card = QPushButton("Model card")
        self.card.setToolTip("What it learnt from, what was held out, how well it does")
        row = QHBoxLayout()
        row.addWidget(self.use)
        row.addWidget(self.card)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text)
        layout.addLayout(row)
        self.use.clicked.connect(self._on_use_clicked)
        self.card.clicked.connect(self._on_card_clicked)
        self.show_result(None)

    def show_result(self, result: Any) -> None:
        """Show what came of a run; None takes it away."""
        self._result = result
        self.setVisible(result is not None)
        if result is None:
            return
        said = outcome_words(result)
        if is_better(result) is False:
            said += " It does no better than the model it began with."
        self.text.setText(said)
        split = result.report.get("split", ())
        self.text.setToolTip("\n".join([*split, str(result.model)]))
        naming = "accuracy" in result.metrics or result.model.name.startswith(
            "cell_classifier_"
        )
        dock = "Classify" if naming else "Count"
        self.use.setToolTip(f"Choose it in the {dock} dock")
        self.card.setEnabled(result.card.is_file())

    @Slot()
    def _on_use_clicked(self) -> None:
        if self._result is not None:
            self.use_wanted.emit(self._result.model)

    @Slot()
    def _on_card_clicked(self) -> None:
        if self._result is not None:
            CardDialog(self._result.card, self).show()


class CardDialog(QDialog):
    """The card of a model, to read and to copy from."""

    def __init__(self, path: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Model card: {path.stem}")
        self.resize(_CARD_SIZE)
        self.text = QTextBrowser()
        self.text.setAccessibleName("Model card")
        try:
            self.text.setMarkdown(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeError) as error:
            self.text.setPlainText(f"The card cannot be read: {error}")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        place = QLabel(str(path))
        place.setWordWrap(True)
        place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text, 1)
        layout.addWidget(place)
        layout.addWidget(buttons)
