"""The legend: classes on the picture, their colours and counts, to show or hide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QSize, Qt, QTimer, Slot
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets._qt.swatches import swatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cellsets._napari.annotation_layers import AnnotationLayers
    from napari_cellsets._napari.legend_entry import LegendEntry
    from napari_cellsets.core.cancel import CancelToken, Progress

_ROWS_SEEN = 5
_CALM_MS = 300
"""So long after the last change large labels are looked through."""
_NO_PARENT = QModelIndex()


class LegendModel(QAbstractTableModel):
    """Name with a check box and a colour, and how many; one row a class."""

    def __init__(self, layers: AnnotationLayers, parent: QWidget) -> None:
        super().__init__(parent)
        self._layers = layers
        self._entries: tuple[LegendEntry, ...] = layers.entries

    def synchronize(self) -> None:
        """Show the legend as it is now; the view keeps its place if it can."""
        new = self._layers.entries
        same = [e.name for e in new] == [e.name for e in self._entries]
        if not same:
            self.beginResetModel()
        self._entries = new
        if not same:
            self.endResetModel()
        elif new:
            self.dataChanged.emit(self.index(0, 0), self.index(len(new) - 1, 1))

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        """One row a class."""
        return 0 if parent.isValid() else len(self._entries)

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        """Name and count."""
        return 0 if parent.isValid() else 2

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What the view asks."""
        entry = self._entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return (entry.name, entry.amount)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{entry.name}\n{entry.details}"
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == 1:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if index.column() == 1:
            return None
        if role == Qt.ItemDataRole.CheckStateRole:
            return Qt.CheckState.Checked if entry.shown else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.DecorationRole:
            return swatch(entry.colour)
        return None

    def setData(
        self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        """Show or hide a class."""
        if role != Qt.ItemDataRole.CheckStateRole or index.column():
            return False
        shown = Qt.CheckState(value) == Qt.CheckState.Checked
        self._layers.set_shown(self._entries[index.row()].name, shown)
        return True

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Names can be ticked."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags if index.column() else flags | Qt.ItemFlag.ItemIsUserCheckable


class _Rows(QTreeView):
    """As tall as its rows, but not taller than a few of them."""

    def sizeHint(self) -> QSize:
        rows = min(self.model().rowCount(), _ROWS_SEEN)
        height = max(self.sizeHintForRow(0), self.fontMetrics().height() + 4)
        return QSize(200, rows * height + 2 * self.frameWidth() + 2)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class Legend(QWidget):
    """Says which classes are on the picture; takes no room where none are.

    Parameters
    ----------
    layers
        Of the session.
    """

    def __init__(self, layers: AnnotationLayers, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers = layers
        self.model = LegendModel(layers, self)
        self.title = QLabel(self)
        self.all = QPushButton("All", self)
        self.all.setToolTip("Show all classes")
        self.none = QPushButton("None", self)
        self.none.setToolTip("Hide all classes")
        self.view = _Rows(self)
        self.notes = QLabel(self)
        self._lay_out()
        self.all.clicked.connect(self._on_all_clicked)
        self.none.clicked.connect(self._on_none_clicked)
        self._large: set[str] = set()
        self._jobs = JobRunner(self)
        self._calm = QTimer(self, singleShot=True, interval=_CALM_MS)
        self._calm.timeout.connect(self._on_calm)
        follow(self, layers.changed, self._on_changed)
        follow(self, layers.large_changed, self._on_large_changed)
        self._on_changed()

    def _lay_out(self) -> None:
        view = self.view
        view.setModel(self.model)
        view.setHeaderHidden(True)
        view.setRootIsDecorated(False)
        view.setUniformRowHeights(True)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setAccessibleName("Classes on the picture")
        view.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        header = view.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.notes.setWordWrap(True)
        self.notes.setTextFormat(Qt.TextFormat.PlainText)
        self.notes.setAccessibleName("Notes on the picture")
        head = QHBoxLayout()
        head.addWidget(self.title, stretch=1)
        head.addWidget(self.all)
        head.addWidget(self.none)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addWidget(view)
        layout.addWidget(self.notes)

    def _on_changed(self) -> None:
        entries, notes = self._layers.entries, self._layers.notes
        before = self.model.rowCount()
        self.model.synchronize()
        if self.model.rowCount() != before:
            self.view.updateGeometry()
        many = len(entries)
        self.title.setText(f"{many} class{'' if many == 1 else 'es'} on the picture")
        for part in (self.title, self.view, self.all, self.none):
            part.setVisible(bool(entries))
        self.all.setEnabled(any(not entry.shown for entry in entries))
        self.none.setEnabled(any(entry.shown for entry in entries))
        self.notes.setText("\n".join(notes))
        self.notes.setVisible(bool(notes))
        self.setVisible(bool(entries or notes))

    def _on_large_changed(self, name: str) -> None:
        self._large.add(name)
        self._calm.start()

    @Slot()
    def _on_calm(self) -> None:
        """Look through labels beside the window."""
        if self._jobs.busy:  # what is looked through first is shown first
            self._calm.start()
            return
        looks = [self._layers.look_beside(name) for name in sorted(self._large)]
        self._large.clear()

        def work(token: CancelToken, _progress: Progress) -> list[Callable[[], None]]:
            return [look() for look in looks if look and not token.cancelled]

        self._jobs.start(work, title="Count classes", done=_call_all, quiet=True)

    @Slot()
    def _on_all_clicked(self) -> None:
        for entry in self._layers.entries:
            self._layers.set_shown(entry.name, True)

    @Slot()
    def _on_none_clicked(self) -> None:
        for entry in self._layers.entries:
            self._layers.set_shown(entry.name, False)


def _call_all(acts: list[Callable[[], None]]) -> None:
    for act in acts:
        act()
