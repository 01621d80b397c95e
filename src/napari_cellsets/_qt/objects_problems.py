"""The page of the Objects dock that finds problems and walks through them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QAbstractListModel, QModelIndex, Qt, Signal, Slot
from qtpy.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListView,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._qt.dock_key import DockKey
from napari_cellsets._qt.messages import ProgressRow
from napari_cellsets.editing.objects import ObjectIndex
from napari_cellsets.editing.problems import ObjectProblem, ProblemKind, find_problems

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_cellsets._napari.object_keys import ObjectKeys
    from napari_cellsets._qt.jobs import JobRunner
    from napari_cellsets.core.cancel import CancelToken, Progress

KINDS: Final = {
    ProblemKind.TINY: ("Tiny", "Smaller than a tenth of the median"),
    ProblemKind.PARTS: ("In parts", "Two or more parts that do not touch"),
    ProblemKind.HOLES: ("Holes", "Background inside of the object"),
    ProblemKind.BORDER: ("Cut off", "At the edge of the image"),
    ProblemKind.OVERLAP: (
        "Other class",
        "Lies over an object of another class: of the ground truth for cells, of the"
        " cells for ground truth",
    ),
    ProblemKind.OUTLIER: ("Odd size", "Far larger or smaller than the others"),
}
_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Search:
    """Work for a thread: look for problems of a plane's objects, or of a stack's."""

    labels: NDArray[np.integer]
    classes: Mapping[int, str]
    under: NDArray[np.integer] | None = None
    classes_under: Mapping[int, str] | None = None

    def __call__(self, token: CancelToken, progress: Progress) -> list[ObjectProblem]:
        progress(0.0, "Looking at objects")
        # of a copy: what is painted meanwhile is looked at again afterwards
        return self.look(
            ObjectIndex(self.labels.copy()), token=token, progress=progress
        )

    def look(
        self,
        objects: ObjectIndex,
        only: frozenset[int] | None = None,
        token: CancelToken | None = None,
        progress: Progress | None = None,
    ) -> list[ObjectProblem]:
        """Look at all objects of an index, or at some."""
        names = self.classes_under or {}
        return find_problems(
            objects,
            classes=self.classes,
            under=self.under,
            class_under=lambda label: names.get(label, ""),
            only=only,
            token=token,
            progress=progress,
        )


class ProblemList(QAbstractListModel):
    """Problems as Qt sees them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.problems: Sequence[ObjectProblem] = ()

    def show(self, problems: Sequence[ObjectProblem]) -> None:
        """List other problems."""
        self.beginResetModel()
        self.problems = problems
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.problems)

    def data(
        self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if role != Qt.ItemDataRole.DisplayRole or not index.isValid():
            return None
        one = self.problems[index.row()]
        tiny = "tiny: " if one.kind is ProblemKind.TINY else ""
        return f"Object {one.label} – {tiny}{one.text}"


class ProblemsPage(QWidget):
    """Kinds with their numbers, the list, and a way through it."""

    chosen = Signal(int)
    """The person wants to see this object."""

    def __init__(
        self, runner: JobRunner, keys: ObjectKeys, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.found: list[ObjectProblem] | None = None
        self._at: tuple[int, ProblemKind] | None = None
        self.boxes: dict[ProblemKind, QCheckBox] = {}
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setAccessibleName("Problems found")
        self.model = ProblemList(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setUniformItemSizes(True)
        self.list.setAccessibleName("Problems")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMinimumHeight(120)
        self.before = QPushButton("Previous")
        self.after = QPushButton("Next")
        self.before.clicked.connect(self._on_before)
        self.after.clicked.connect(self._on_after)
        DockKey(keys, "before", self, self.before)
        DockKey(keys, "after", self, self.after)
        self._lay_out(ProgressRow(runner))
        self.list.selectionModel().currentRowChanged.connect(self._on_row_changed)
        self.show_found(None)

    def _lay_out(self, progress: QWidget) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(4)
        for at, (kind, (word, about)) in enumerate(KINDS.items()):
            box = self.boxes[kind] = QCheckBox(word)
            box.setToolTip(about)
            box.setChecked(True)
            box.toggled.connect(self._on_kinds_changed)
            grid.addWidget(box, at // _COLUMNS, at % _COLUMNS)
        row = QHBoxLayout()
        row.addWidget(self.before)
        row.addWidget(self.after)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.addLayout(grid)
        column.addWidget(progress)
        column.addWidget(self.said)
        column.addWidget(self.list, 1)
        column.addLayout(row)

    @property
    def at(self) -> ObjectProblem | None:
        """The problem at hand."""
        row = self.list.currentIndex().row()
        return self.model.problems[row] if row >= 0 else None

    def show_found(
        self, found: list[ObjectProblem] | None, *, classes: bool = False
    ) -> None:
        """Show what was found; None while nothing was looked for.

        Parameters
        ----------
        found
            The worst of each kind first.
        classes
            Whether overlaps of classes were looked for.
        """
        self.found = found
        self.boxes[ProblemKind.OVERLAP].setEnabled(classes)
        numbers = Counter(one.kind for one in found or ())
        for kind, box in self.boxes.items():
            word = KINDS[kind][0]
            box.setText(word if found is None else f"{word} ({numbers[kind]:,})")
        self._list()

    def step(self, by: int) -> None:
        """Go to the next problem (1) or the one before (-1)."""
        row = self.list.currentIndex().row()
        # what was at hand may be solved: then the next one is in its place
        known = row >= 0 and self._at == _key(self.model.problems[row])
        row = row + by if known or by < 0 else max(row, 0)
        if 0 <= row < self.model.rowCount():
            if row == self.list.currentIndex().row():
                self._go_to(row)
            self.list.setCurrentIndex(self.model.index(row))

    # Inside

    def _list(self) -> None:
        row = self.list.currentIndex().row()
        shown = [one for one in self.found or () if self.boxes[one.kind].isChecked()]
        blocked = self.list.selectionModel().blockSignals(True)
        self.model.show(shown)
        same = [at for at, one in enumerate(shown) if _key(one) == self._at]
        row = same[0] if same else min(row, len(shown) - 1)
        if row >= 0:
            self.list.setCurrentIndex(self.model.index(row))
        self.list.selectionModel().blockSignals(blocked)
        if self.found is not None:
            self.said.setText(_sentence(len(shown), len(self.found)))
        else:
            self.said.clear()
        for button in (self.before, self.after):
            button.setEnabled(bool(shown))

    @Slot(bool)
    def _on_kinds_changed(self, *_: object) -> None:
        self._list()

    @Slot()
    def _on_before(self) -> None:
        self.step(-1)

    @Slot()
    def _on_after(self) -> None:
        self.step(1)

    def _on_row_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid():
            self._go_to(current.row())

    def _go_to(self, row: int) -> None:
        one = self.model.problems[row]
        self._at = _key(one)
        self.chosen.emit(one.label)


def _key(one: ObjectProblem) -> tuple[int, ProblemKind]:
    return one.label, one.kind


def _sentence(shown: int, found: int) -> str:
    if not found:
        return "Nothing looks wrong."
    if not shown:
        return "None of the kinds that are ticked."
    return f"{shown:,} to look at, the worst of each kind first."
