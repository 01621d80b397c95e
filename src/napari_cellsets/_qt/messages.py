"""What a dock has to say or to ask, in a place that is kept: nothing ever moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, Signal, Slot
from qtpy.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cellsets._qt.jobs import JobRunner

_LINES = 2
_AROUND_PX = 4


class MessageRow(QWidget):
    """One calm sentence, or a question with two answers, at the foot of a dock.

    It takes the same room whether it says something or not; what is longer scrolls.

    Parameters
    ----------
    progress
        Work that is shown in the same place while it runs.
    """

    replace_wanted = Signal()
    keep_wanted = Signal()
    act_wanted = Signal()
    """The person pressed the button of `offer`."""

    def __init__(
        self, progress: ProgressRow | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._progress = progress
        self._holds: Callable[[], bool] | None = None
        self.setAccessibleName("Message")
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setAccessibleName("Message")
        # as high as its lines at this width: what it likes best is higher
        flowing = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        flowing.setHeightForWidth(True)
        self.text.setSizePolicy(flowing)
        self.replace = QPushButton("Replace")
        self.replace.setToolTip(
            "Count anew; the corrected cells stay in the project store"
        )
        self.keep = QPushButton("Keep")
        self.keep.setToolTip("Leave the cells as they were corrected")
        self.act = QPushButton()
        self._lay_out()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.act.clicked.connect(self.act_wanted)
        self.replace.clicked.connect(self.replace_wanted)
        self.keep.clicked.connect(self.keep_wanted)
        self.tell("", False)

    def sizeHint(self) -> QSize:
        """The room that is kept: two lines, or more where progress takes more."""
        lines = _LINES * self.text.fontMetrics().lineSpacing() + _AROUND_PX
        taken = 0 if self._progress is None else self._progress.room
        return QSize(1, max(lines, taken))

    def minimumSizeHint(self) -> QSize:
        """The same: whatever is said, nothing moves."""
        return self.sizeHint()

    def _lay_out(self) -> None:
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setAccessibleName("Message")
        self._scroll.setWidget(self.text)
        self._scroll.verticalScrollBar().rangeChanged.connect(self._on_range_changed)
        self._on_range_changed(0, 0)
        line = QHBoxLayout()
        line.addWidget(self._scroll, 1)
        for button in (self.act, self.replace, self.keep):
            line.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        if self._progress is not None:
            self._progress.take_no_room()
            self._progress.shown.connect(self._share)
            column.addWidget(self._progress)
        column.addLayout(line, 1)

    @Slot(str, bool)
    def tell(self, text: str, failed: bool) -> None:
        """Show a sentence; an empty one takes it away."""
        self._say(f"⚠ {text}" if failed and text else text)

    def tell_while(self, holds: Callable[[], bool], text: str) -> None:
        """Show what is missing until it is there, see `look_again`."""
        self.tell(text, True)
        self._holds = holds

    def offer_while(self, holds: Callable[[], bool], text: str, act: str) -> None:
        """Offer something for as long as it can be done, see `look_again`."""
        self.offer(text, act)
        self._holds = holds

    def look_again(self) -> None:
        """Take away what is not true any more; for when something has changed."""
        if self._holds is not None and not self._holds():
            self.tell("", False)

    @Slot(str)
    def ask(self, text: str) -> None:
        """Show a question with its two answers."""
        self._say(text)
        self.replace.show()
        self.keep.show()

    @Slot(str, str)
    def offer(self, text: str, act: str) -> None:
        """Show a sentence and a button for what can be done about it."""
        self._say(text)
        self.act.setText(act)
        self.act.show()

    @property
    def asking(self) -> bool:
        """Whether a question is open."""
        return bool(self.replace.isVisibleTo(self))

    def _say(self, text: str) -> None:
        self._holds = None
        self.text.setText(text)
        self.text.setToolTip(text)
        for button in (self.act, self.replace, self.keep):
            button.hide()
        self._scroll.verticalScrollBar().setValue(0)
        self._share()

    @Slot()
    def _share(self) -> None:
        """Let what is said take the place of what work goes on, its bar stays."""
        if self._progress is not None:
            said = bool(self.text.text())
            self._scroll.setVisible(said or self._progress.isHidden())
            self._progress.text.setVisible(not said)

    @Slot(int, int)
    def _on_range_changed(self, _least: int, most: int) -> None:
        # reached by the keyboard only where there is something to scroll
        focus = Qt.FocusPolicy.TabFocus if most > 0 else Qt.FocusPolicy.NoFocus
        self._scroll.setFocusPolicy(focus)


class ProgressRow(QWidget):
    """How far the work is, and a way to stop it; hidden while nothing runs.

    Its place is kept meanwhile.
    """

    shown = Signal()
    """Work began or ended."""

    def __init__(self, runner: JobRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Progress")
        self.bar.setRange(0, 1000)
        self.text = QLabel()
        self.text.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
        )
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop at once; what is finished is kept")
        self.cancel.clicked.connect(runner.cancel)
        self.cancel.clicked.connect(self._on_cancel_clicked)
        runner.progressed.connect(self._on_progressed)
        runner.busy_changed.connect(self._on_busy_changed)
        row = QHBoxLayout()
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.text)
        self._keep_room(True)
        self.hide()

    @property
    def room(self) -> int:
        """Height that it takes with bar and words, px."""
        parts = max(self.bar.sizeHint().height(), self.cancel.sizeHint().height())
        room = parts + self.layout().spacing() + self.text.sizeHint().height()
        return int(room)

    def take_no_room(self) -> None:
        """Take no room while nothing runs: something else is shown there then."""
        self._keep_room(False)

    def _keep_room(self, wanted: bool) -> None:
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(wanted)
        self.setSizePolicy(policy)

    @Slot(float, str)
    def _on_progressed(self, fraction: float, text: str) -> None:
        # one call of the engine tells nothing until it ends: a moving bar then
        self.bar.setRange(0, 1000 if fraction > 0 else 0)
        self.bar.setValue(round(1000 * fraction))
        self.text.setText(text)

    @Slot(bool)
    def _on_busy_changed(self, busy: bool) -> None:
        self.setVisible(busy)
        self.cancel.setEnabled(busy)
        self.bar.setRange(0, 0)
        self.text.setText("Starting…")
        self.shown.emit()

    @Slot()
    def _on_cancel_clicked(self) -> None:
        self.cancel.setEnabled(False)
        self.text.setText("Stopping…")
