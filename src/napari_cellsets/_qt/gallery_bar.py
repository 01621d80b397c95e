"""The rows above and below a gallery: search, order, size; what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QPoint, Qt, Signal, Slot
from qtpy.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QCompleter,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QToolTip,
    QWidget,
)
from superqt import QElidingLabel

from napari_cellsets._qt.gallery_facets import title_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QKeyEvent, QResizeEvent

SMALLEST, LARGEST, USUAL = 40, 256, 96
_WIDE = 640
SAMPLES, OF_IMAGE, OF_SET = "samples", "image", "set"
SCOPES: Final = (
    ("Samples", SAMPLES),
    ("Objects here", OF_IMAGE),
    ("All objects", OF_SET),
)
_A_CLASS: Final = 100_000
_FACTS: Final = "Narrow by facts, with numbers; classes"


class GalleryBar(QWidget):
    """Words to search, order, grid or list, size, random choice."""

    filter_changed = Signal()
    look_changed = Signal()
    scope_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QLineEdit(self)
        self.text.setPlaceholderText("Filter by name or fact")
        self.text.setClearButtonEnabled(True)
        self.text.setAccessibleName("Filter by name or fact")
        self.text.setMinimumWidth(90)
        self.scope = _choice(self, "What is shown", 8)
        self.scope.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.scope.setToolTip(
            "Whole samples; marked objects of the one on screen; those of the whole set"
        )
        for words, scope in SCOPES:
            self.scope.addItem(words, scope)
        self.sort = _choice(self, "Sort by", 6)
        self.descending = _toggle(self, "↓", "Last one first")
        self.listed = _toggle(self, "List", "One a line, with what is known")
        self.facets = _toggle(self, "Facts", _FACTS)
        self.large = _toggle(self, "Large", "A window of its own; press again to dock")
        self.export = QPushButton("Export", self)
        self.export.setToolTip("Write the classes of what is shown, as corrected")
        self.export.setAccessibleName("Export classes")
        self.size = _size_slider(self)
        self.a_class = _random_choice(self)
        self.again = QPushButton("Others", self)
        self.again.setToolTip("Choose others at random")
        self.again.setEnabled(False)
        self.again.setAccessibleName("Choose others at random")
        self._seed = 1
        self._lay_out()
        self._connect()
        self.offer_sorts(())

    @property
    def seed(self) -> int:
        """Of the random choice."""
        return self._seed

    def set_seed(self, seed: int) -> None:
        """Choose at random as before."""
        self._seed = max(1, seed)

    def offer_sorts(self, names: Sequence[str]) -> None:
        """Offer to sort by these facts; what was chosen stays, if it can."""
        wanted = self.sort.currentData()
        self.sort.blockSignals(True)
        self.sort.clear()
        self.sort.addItem("Name", "")
        for name in names:
            self.sort.addItem(title_of(name), name)
        self.sort.setCurrentIndex(max(0, self.sort.findData(wanted)))
        self.sort.blockSignals(False)

    def offer_facts(self, why_not: str = "") -> None:
        """Let facts be asked for, or say why they cannot be shown."""
        self.facets.setEnabled(not why_not)
        self.facets.setToolTip(why_not or _FACTS)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use two rows where one is too narrow."""
        super().resizeEvent(event)
        wide = event.size().width() >= _WIDE
        self._rows.setDirection(
            QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.Down
        )

    def _lay_out(self) -> None:
        first, second = QHBoxLayout(), QHBoxLayout()
        for widget in (self.facets, self.scope, self.text, self.sort, self.descending):
            first.addWidget(widget, stretch=1 if widget is self.text else 0)
        others = (self.again, self.listed, self.size, self.export, self.large)
        for widget in (self.a_class, *others):
            second.addWidget(widget, stretch=1 if widget is self.size else 0)
        self._rows = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(4)
        self._rows.addLayout(first, 3)
        self._rows.addLayout(second, 2)

    def _connect(self) -> None:
        self.scope.currentIndexChanged.connect(self._on_scope_chosen)
        self.text.textChanged.connect(self._on_filter_edited)
        self.sort.currentIndexChanged.connect(self._on_filter_edited)
        self.descending.toggled.connect(self._on_filter_edited)
        self.a_class.valueChanged.connect(self._on_filter_edited)
        self.a_class.valueChanged.connect(self._on_a_class_edited)
        self.again.clicked.connect(self._on_again_clicked)
        self.listed.toggled.connect(self._on_look_edited)
        self.facets.toggled.connect(self._on_look_edited)
        self.size.valueChanged.connect(self._on_look_edited)

    @Slot()
    def _on_filter_edited(self) -> None:
        self.filter_changed.emit()

    @Slot(int)
    def _on_a_class_edited(self, number: int) -> None:
        self.again.setEnabled(number > 0)

    @Slot()
    def _on_scope_chosen(self) -> None:
        self.scope_changed.emit()

    @Slot()
    def _on_look_edited(self) -> None:
        self.look_changed.emit()

    @Slot()
    def _on_again_clicked(self) -> None:
        self._seed += 1
        self.filter_changed.emit()


class ReasonLine(QLineEdit):
    """Takes a reason, a comment or a class without a dialog; Escape gives up."""

    said = Signal(str)
    given_up = Signal()
    asking = Signal(bool)
    """It came in sight, or went."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices: tuple[str, ...] = ()
        self.returnPressed.connect(self._on_return_pressed)
        self.hide()

    def ask(self, words: str, before: str = "", choices: Sequence[str] = ()) -> None:
        """Ask for a text.

        Parameters
        ----------
        words
            What is asked for.
        before
            Is there to be changed.
        choices
            Words to choose from: a part of one is enough.
        """
        self._choices = tuple(choices)
        completer = QCompleter(list(choices), self) if choices else None
        if completer is not None:
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            completer.activated.connect(self._on_chosen)
            # a window of its own, which the theme does not reach
            colours = self.palette()
            text, ground = colours.text().color(), colours.base().color()
            completer.popup().setStyleSheet(
                f"color: {text.name()}; background: {ground.name()}"
            )
        self.setCompleter(completer)
        self.setPlaceholderText(f"{words} (Enter keeps it, Escape gives up)")
        self.setAccessibleName(words)
        self.setText(before)
        self.selectAll()
        self.show()
        self.asking.emit(True)
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Give up with Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self._close()
            self.given_up.emit()
        else:
            super().keyPressEvent(event)

    @Slot()
    def _on_return_pressed(self) -> None:
        self._say(_meant(self.text().strip(), self._choices))

    @Slot(str)
    def _on_chosen(self, text: str) -> None:
        self._say(text)

    def _say(self, text: str) -> None:
        if not self.isHidden():
            self._close()
            self.said.emit(text)

    def _close(self) -> None:
        self.hide()
        self.asking.emit(False)


def _meant(text: str, choices: Sequence[str]) -> str:
    """Return the word that is, begins with or holds a text; else the text."""
    low = text.lower()
    same = [word for word in choices if word.lower() == low]
    begun = [word for word in choices if word.lower().startswith(low)]
    held = [word for word in choices if low in word.lower()]
    return next(iter((*same, *begun, *held) if text else ()), text)


class GalleryStatus(QWidget):
    """How many are shown and selected, how far the review is, what went wrong."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown = _label(self, "What is shown")
        self.review = _label(self, "Review")
        self.keys = QLabel(self)
        self.keys.setAccessibleName("Keys")
        self.reason = ReasonLine(self)
        self._keys_tip = ""
        self._lay_out()

    def _lay_out(self) -> None:
        told = QHBoxLayout()
        told.setContentsMargins(0, 0, 0, 0)
        told.addWidget(self.shown, stretch=1)
        told.addWidget(self.review, stretch=1)
        # asked for in their place, which is kept as high: nothing moves
        together = QGridLayout()
        together.setContentsMargins(0, 0, 0, 0)
        together.addLayout(told, 0, 0)
        together.addWidget(self.reason, 0, 0)
        self.reason.asking.connect(self._on_asking)
        policy = self.reason.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reason.setSizePolicy(policy)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(together, stretch=1)
        layout.addWidget(self.keys)
        self.keys.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        self.review.setAlignment(right)

    @Slot(bool)
    def _on_asking(self, asking: bool) -> None:
        for label in (self.shown, self.review):
            label.setHidden(asking)

    def tell_keys(self, words: str, lines: str) -> None:
        """Tell the keys in short, and all of them in tooltips."""
        self._keys_tip = f"Keys, while the pictures have focus:\n{lines}"
        self.keys.setText(words)
        self.keys.setToolTip(self._keys_tip)
        self.show_progress(self.review.text())

    def show_progress(self, text: str) -> None:
        """Say how far the review is, in place of any sentence."""
        self.review.setText(text)
        self.review.setToolTip(self._keys_tip)

    @Slot(str)
    def show_failure(self, text: str) -> None:
        """Say why nothing is shown."""
        self.shown.setText(text)
        self.shown.setToolTip(text)

    @Slot(str)
    def say(self, text: str) -> None:
        """Say a sentence; over a dock too narrow for it as well."""
        self.review.setText(text)
        self.review.setToolTip(f"{text}\n\n{self._keys_tip}".strip())
        if self.review.fontMetrics().horizontalAdvance(text) > self.review.width():
            above = QPoint(0, -4 * self.fontMetrics().lineSpacing())
            QToolTip.showText(self.mapToGlobal(above), text, self)

    def show_counts(self, shown: int, total: int, chosen: int, noun: str) -> None:
        """Say how many of how many are shown, and how many are selected."""
        self.shown.setToolTip("")
        if not total:
            self.shown.setText("No object is marked here.")
            return
        noun = noun.removesuffix("s") if total == 1 else noun
        text = f"{total:,} {noun}" if shown == total else f"{shown:,} of {total:,}"
        self.shown.setText(f"{text} · {chosen:,} selected" if chosen > 1 else text)


def _choice(parent: QWidget, name: str, letters: int) -> QComboBox:
    box = QComboBox(parent)
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.setMinimumContentsLength(letters)
    box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    return box


def _size_slider(parent: QWidget) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal, parent)
    slider.setRange(SMALLEST, LARGEST)
    slider.setValue(USUAL)
    slider.setPageStep(24)
    slider.setMinimumWidth(60)
    slider.setMaximumWidth(160)
    slider.setToolTip("Size of the pictures")
    slider.setAccessibleName("Size of the pictures")
    return slider


def _random_choice(parent: QWidget) -> QSpinBox:
    box = QSpinBox(parent)
    box.setRange(0, _A_CLASS)
    box.setSpecialValueText("random: off")
    # read to the end beside the numbers of a low dock too; napari's theme has a
    # least width of its own, which comes before that of the widget
    box.setStyleSheet("QSpinBox { min-width: 124px; max-width: 150px; }")
    box.setSuffix(" a class")
    box.setKeyboardTracking(False)
    box.setToolTip("Show so many of each class, chosen at random")
    box.setAccessibleName("Random choice: so many of each class")
    return box


def _toggle(parent: QWidget, text: str, tip: str) -> QPushButton:
    button = QPushButton(text, parent)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setCheckable(True)
    return button


def _label(parent: QWidget, name: str) -> QElidingLabel:
    label = QElidingLabel(parent)
    label.setAccessibleName(name)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label
