"""The parts of the Samples dock; each shows what it is told and says what is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QAbstractItemModel, QModelIndex, QSize, Qt, Signal, Slot
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListView,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from napari_cellsets._napari.browsing import cell_words
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets._qt.sample_list import THUMBNAIL
from napari_cellsets.batch.picture_classes import as_said, who_said
from napari_cellsets.core.errors import StoreError

if TYPE_CHECKING:
    from napari_cellsets._napari.session import Session
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample

_NOTES_HEIGHT = 96


class CopyRow(QWidget):
    """A text of one line with a button that copies all of it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = ""
        self._label = QElidingLabel(self)
        self._label.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
        )
        self._label.setAccessibleName(name)
        self.button = QPushButton("Copy", self)
        self.button.setToolTip(f"Copy the {name.lower()}")
        self.button.setAccessibleName(f"Copy the {name.lower()}")
        self.button.clicked.connect(self._on_button_clicked)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._label, stretch=1)
        layout.addWidget(self.button)

    def show_text(self, shown: str, copied: str) -> None:
        """Show one text, copy another; nothing at all for an empty one."""
        self._whole = copied
        self._label.setText(shown)
        self._label.setToolTip(copied)
        self.setVisible(bool(shown))

    @Slot()
    def _on_button_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self._whole)


class Folded(QWidget):
    """A title that unfolds a longer text."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.toggle = QToolButton(self)
        self.toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.toggle.setArrowType(Qt.ArrowType.RightArrow)
        self.toggle.setCheckable(True)
        self.toggle.setAutoRaise(True)
        self.toggle.setText(title)
        self.toggle.toggled.connect(self._on_toggled)
        self.text = QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.text.setFixedHeight(_NOTES_HEIGHT)
        self.text.setAccessibleName(title)
        self.text.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.toggle)
        layout.addWidget(self.text)

    def show_text(self, title: str, text: str) -> None:
        """Set the title beside the arrow and what it unfolds."""
        self.toggle.setText(title)
        if text != self.text.toPlainText():
            self.text.setPlainText(text)

    @Slot(bool)
    def _on_toggled(self, unfolded: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if unfolded else Qt.ArrowType.RightArrow
        self.toggle.setArrowType(arrow)
        self.text.setVisible(unfolded)


class SetHeader(QWidget):
    """Title, completeness, licence, citation and notes of a set."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = QLabel(self)
        self.title.setWordWrap(True)
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self.title.setAccessibleName("Data set")
        self.completeness = QLabel(self)
        self.completeness.setWordWrap(True)
        self.completeness.setAccessibleName("Completeness")
        self.licence = CopyRow("Licence", self)
        self.citation = CopyRow("Citation", self)
        self.classes = Folded("Classes", self)
        self.notes = Folded("Notes", self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        for part in (
            self.title,
            self.completeness,
            self.licence,
            self.citation,
            self.classes,
            self.notes,
        ):
            layout.addWidget(part)

    def show_dataset(self, dataset: Dataset) -> None:
        """Show what is published about a set, and how much of it is here."""
        recipe = dataset.recipe
        self.title.setText(recipe.title)
        self.title.setToolTip(f"{recipe.about}\n{dataset.path}".strip())
        self.completeness.setText(dataset.completeness.text)
        licence = recipe.licence
        self.licence.show_text(
            f"Licence: {licence}" if licence else "",
            f"{licence} {recipe.licence_url}".strip(),
        )
        self.citation.show_text(
            f"Cite: {recipe.citation}" if recipe.citation else "", recipe.citation
        )
        classes = dataset.completeness.of_classes
        self.classes.setVisible(bool(classes))
        self.classes.show_text(f"Classes ({len(classes)})", "\n".join(classes))
        notes = dataset.completeness.notes
        self.notes.setVisible(bool(notes))
        self.notes.show_text(f"Notes ({len(notes)})", "\n\n".join(notes))


class SampleView(QListView):
    """The list of samples."""

    row_chosen = Signal(int)
    """By mouse or by arrow keys; not when `show_row` moved the mark."""

    def __init__(
        self, model: QAbstractItemModel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._following = False
        self.setModel(model)
        self.setIconSize(THUMBNAIL)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setAccessibleName("Samples")
        # dropping is the dock's
        self.setAcceptDrops(False)

    def show_row(self, row: int | None) -> None:
        """Select a row and scroll to it; none where the filter hides it."""
        if row is None:
            self.clearSelection()
            return
        at = self.model().index(row, 0)
        self._following = True
        self.setCurrentIndex(at)
        self._following = False
        self.scrollTo(at)

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        """Tell of the row that the person moved to."""
        super().currentChanged(current, previous)
        if current.isValid() and not self._following:
            self.row_chosen.emit(current.row())

    def sizeHint(self) -> QSize:
        """Ask for little: the list takes what the window has to give."""
        return QSize(260, 160)


class CellLine(QLabel):
    """Class of the single cell on screen, and what is known of it.

    Parameters
    ----------
    session
        Its sample is told of, with the class that somebody gave it.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAccessibleName("Class of the cell on screen")
        follow(self, session.sample_changed, self._on_changed)
        follow(self, session.classes_changed, self._on_changed)
        self._on_changed()

    def _on_changed(self, _index: int = 0) -> None:
        """Say the class; nothing in a set of fields, which are of no class."""
        dataset, sample = self._session.dataset, self._session.sample
        text = ""
        if dataset is not None and sample is not None and dataset.kind == "cells":
            text = self._words(dataset, sample)
        self.setText(text)
        self.setVisible(bool(text))

    def _words(self, dataset: Dataset, sample: Sample) -> str:
        said = None
        try:
            rows = self._session.project.marks(dataset.identity, sample.name, "")
            said = next((row for row in rows.values() if not row.mark.gone), None)
        except StoreError:
            pass  # loading the sample tells it; the published class is there
        name, remark = cell_words(as_said(sample, said)), sample.facts.get("remark", "")
        if not name:
            return ""
        lines = [f"Class: {name}"]
        lines += [] if said is None else [f"({who_said(sample, said)})"]
        lines += [f"Note: {remark}"] if remark else []
        return "\n".join(lines)


class StepRow(QWidget):
    """Previous, where we are, next; and on to counting."""

    stepped = Signal(int)
    dock_asked = Signal(str)
    """Name of the dock to open."""
    export_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.back = QPushButton("Previous", self)
        self.on = QPushButton("Next", self)
        self.keys = QPushButton("Keys", self)
        self.keys.setCheckable(True)
        self.position = QLabel(self)
        self.position.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.position.setAccessibleName("Position in the set")
        self.count = QPushButton("Count cells…", self)
        self.count.setToolTip("Open the Count dock")
        self.classify = QPushButton("Classify cells…", self)
        self.classify.setToolTip("Open the Classify dock")
        self.classify.hide()
        self.play = QPushButton("Play…", self)
        self.play.setToolTip("Open the Playback dock")
        self.play.hide()
        self.export = QPushButton("Export…", self)
        self.export.setToolTip(
            "Write annotations, masks or tables: COCO, VOC, YOLO and others"
        )
        self.back.clicked.connect(self._on_back_clicked)
        self.on.clicked.connect(self._on_on_clicked)
        self.count.clicked.connect(self._on_count_clicked)
        self.classify.clicked.connect(self._on_classify_clicked)
        self.play.clicked.connect(self._on_play_clicked)
        self.export.clicked.connect(self.export_asked)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.back, 0, 0)
        layout.addWidget(self.position, 0, 1)
        layout.addWidget(self.on, 0, 2)
        layout.addWidget(self.keys, 0, 3)
        layout.addWidget(self.count, 1, 0, 1, 2)
        layout.addWidget(self.classify, 2, 0, 1, 2)
        layout.addWidget(self.export, 1, 2, 1, 2)
        layout.addWidget(self.play, 3, 0, 1, 4)
        layout.setColumnStretch(1, 1)

    def show_position(self, row: int | None, rows: int, index: int, all_: int) -> None:
        """Say which sample of how many is on screen.

        Parameters
        ----------
        row, rows
            Place in the filtered list; None for a sample that it hides.
        index, all_
            Place in the whole set.
        """
        if rows == all_ or row is None:
            text = f"{index + 1} of {all_}"
        else:
            text = f"{row + 1} of {rows} listed"
        self.position.setText(text)
        self.back.setEnabled(rows > 0 and row != 0)
        self.on.setEnabled(rows > 0 and (row is None or row + 1 < rows))

    def show_kind(self, kind: str, *, plays: bool = False) -> None:
        """Offer what can be done: count in fields, classify single cells.

        Parameters
        ----------
        kind
            Of the data set.
        plays
            Whether its samples are recordings, which play.
        """
        self.count.setVisible(kind == "fields" and not plays)
        self.classify.setVisible(kind == "cells")
        self.export.setVisible(kind == "fields" and not plays)
        self.play.setVisible(plays)

    @Slot()
    def _on_back_clicked(self) -> None:
        self.stepped.emit(-1)

    @Slot()
    def _on_on_clicked(self) -> None:
        self.stepped.emit(1)

    @Slot()
    def _on_count_clicked(self) -> None:
        self.dock_asked.emit("Count")

    @Slot()
    def _on_classify_clicked(self) -> None:
        self.dock_asked.emit("Classify")

    @Slot()
    def _on_play_clicked(self) -> None:
        self.dock_asked.emit("Playback")
