"""What the items of a gallery can be narrowed to, with numbers; and their classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyqtgraph as pg
from qtpy.QtCore import QPoint, QSize, Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QScrollArea,
    QSizePolicy,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from napari_cellsets._napari.gallery_filter import class_counts
from napari_cellsets._qt.contrast import seen_on
from napari_cellsets._qt.edit_key_map import KeyMapView

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_cellsets._napari.gallery_facts import FactTable
    from napari_cellsets._napari.gallery_filter import GalleryFilter
    from napari_cellsets._napari.key_map import KeyMap

_TITLES: Final = {
    "class": "Class",
    "split": "Split",
    "verdict": "Verdict",
    "work": "Work",
    "count": "Count",
    "error": "Count against truth",
}
_ALL: Final = "#8a8a8a"
_LEAST_PX: Final = 24
_KEYS_HINT: Final = (
    "Keys work while the pictures have the focus. Double-click a key to change it."
)


def title_of(fact: str) -> str:
    """Return the name of a fact for people."""
    return _TITLES.get(fact, fact[:1].upper() + fact[1:])


class FacetTree(QTreeWidget):
    """One branch a fact, one tick box a value, with how many items have it."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setIndentation(12)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Filter by fact")
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.itemChanged.connect(self._on_item_changed)

    def show_facets(
        self,
        facets: Mapping[str, Sequence[tuple[str, int]]],
        chosen: Mapping[str, Sequence[str]],
        colours: Mapping[str, str],
    ) -> None:
        """Show facts with values and numbers; ticked are those chosen.

        Parameters
        ----------
        facets
            As of `GalleryFilter.facets`.
        chosen
            Values by fact.
        colours
            Of classes.
        """
        self.blockSignals(True)
        shape = [(name, [v for v, _ in values]) for name, values in facets.items()]
        if shape != self._shape():
            self._rebuild(shape, colours)
        for place, (name, values) in enumerate(facets.items()):
            branch = self.topLevelItem(place)
            for row, (value, count) in enumerate(values):
                leaf = branch.child(row)
                ticked = value in chosen.get(name, ())
                leaf.setText(1, f"{count:,}")
                leaf.setDisabled(not count and not ticked)
                state = Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked
                leaf.setCheckState(0, state)
        self.blockSignals(False)

    def set_colours(self, text: QColor) -> None:
        """Follow the theme of the window, whose tick boxes can hardly be seen."""
        box = f"width: 10px; height: 10px; border: 1px solid {text.name()}"
        self.setStyleSheet(
            f"QTreeView::indicator {{{box}}}"
            f"QTreeView::indicator:checked {{background: {text.name()}}}"
        )

    def chosen(self) -> dict[str, tuple[str, ...]]:
        """Return the ticked values by fact."""
        found = {}
        for place in range(self.topLevelItemCount()):
            branch = self.topLevelItem(place)
            leaves = [branch.child(row) for row in range(branch.childCount())]
            ticked = tuple(
                leaf.text(0)
                for leaf in leaves
                if leaf.checkState(0) == Qt.CheckState.Checked
            )
            if ticked:
                found[str(branch.data(0, Qt.ItemDataRole.UserRole))] = ticked
        return found

    def sizeHint(self) -> QSize:
        """Ask for little height: the tree scrolls."""
        return QSize(200, 120)

    def minimumSizeHint(self) -> QSize:
        """Be content with a few rows."""
        return QSize(120, 24)

    def _shape(self) -> list[tuple[str, list[str]]]:
        branches = [self.topLevelItem(n) for n in range(self.topLevelItemCount())]
        return [
            (
                str(branch.data(0, Qt.ItemDataRole.UserRole)),
                [branch.child(row).text(0) for row in range(branch.childCount())],
            )
            for branch in branches
        ]

    def _rebuild(
        self, shape: list[tuple[str, list[str]]], colours: Mapping[str, str]
    ) -> None:
        top = self.verticalScrollBar().value()
        self.clear()
        for name, values in shape:
            branch = QTreeWidgetItem([title_of(name)])
            branch.setData(0, Qt.ItemDataRole.UserRole, name)
            font = branch.font(0)
            font.setBold(True)
            branch.setFont(0, font)
            self.addTopLevelItem(branch)
            for value in values:
                leaf = QTreeWidgetItem([value, ""])
                leaf.setTextAlignment(1, Qt.AlignmentFlag.AlignRight)
                leaf.setToolTip(0, value)
                if name == "class" and value in colours:
                    leaf.setIcon(0, _swatch(colours[value]))
                branch.addChild(leaf)
            branch.setExpanded(True)
        self.verticalScrollBar().setValue(top)

    def _on_item_changed(self, _item: QTreeWidgetItem, column: int) -> None:
        if column == 0:
            self.changed.emit()


class ClassPlot(pg.PlotWidget):
    """How many items each class has: all of them, and those shown."""

    class_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # pyqtgraph asks for 640 pixels and would widen the dock
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setAccessibleName("Distribution of classes")
        self.setToolTip("Shown and all items of each class; click a bar to filter")
        self.setMenuEnabled(False)
        self.setMouseEnabled(x=False, y=False)
        self.hideButtons()
        self._ground = QColor("black")
        self._names: list[str] = []
        self._bars: list[pg.BarGraphItem] = []
        self.scene().sigMouseClicked.connect(self._on_clicked)

    def show_counts(
        self, counts: Sequence[tuple[str, int, int]], colours: Mapping[str, str]
    ) -> None:
        """Show (class, number shown, number of all) of each class."""
        for bar in self._bars:
            self.removeItem(bar)
        self._names = [name for name, _, _ in counts]
        at = list(range(len(counts)))
        every = [number for _, _, number in counts]
        shown = [number for _, number, _ in counts]
        brushes = [
            pg.mkBrush(seen_on(colours.get(name, _ALL), self._ground))
            for name in self._names
        ]
        faint = pg.mkBrush(*pg.mkColor(_ALL).getRgb()[:3], 90)
        none = pg.mkPen(None)
        self._bars = [
            pg.BarGraphItem(x=at, height=every, width=0.8, brush=faint, pen=none),
            pg.BarGraphItem(x=at, height=shown, width=0.8, brushes=brushes, pen=none),
        ]
        for bar in self._bars:
            self.addItem(bar)
        ticks = [(n, _short(name)) for n, name in enumerate(self._names)]
        self.getAxis("bottom").setTicks([ticks])
        self.setAccessibleDescription(
            ", ".join(f"{name}: {few:,} of {many:,}" for name, few, many in counts)
        )

    def set_colours(self, background: QColor, text: QColor) -> None:
        """Follow the theme of the window."""
        # bars follow when they are drawn next
        self._ground = background
        self.setBackground(background)
        for side in ("bottom", "left"):
            axis = self.getAxis(side)
            axis.setPen(pg.mkPen(text))
            axis.setTextPen(pg.mkPen(text))

    def class_at(self, point: QPoint) -> str:
        """Return the class whose bar is at a point of the scene, empty for none."""
        at = round(self.getViewBox().mapSceneToView(point).x())
        return self._names[at] if 0 <= at < len(self._names) else ""

    def _on_clicked(self, event: Any) -> None:
        name = self.class_at(event.scenePos())
        if name:
            self.class_chosen.emit(name)


class FacetSide(QTabWidget):
    """Facts to choose from, the distribution of classes, and the keys."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.tabBar().setDrawBase(False)
        self.tree = FacetTree(self)
        self.plot = ClassPlot(self)
        self.addTab(self.tree, "Facts")
        self.addTab(self.plot, "Classes")
        self.keys = QScrollArea(self)
        self.keys.setWidgetResizable(True)
        self.keys.setMinimumHeight(_LEAST_PX)  # it would make the dock taller
        self.addTab(self.keys, "Keys")

    def show_facets(
        self, table: FactTable, wanted: GalleryFilter, colours: Mapping[str, str]
    ) -> None:
        """Show what can be chosen, with numbers."""
        self.tree.show_facets(wanted.facets(table), wanted.chosen, colours)

    def show_keys(self, keys: KeyMap) -> KeyMapView:
        """Show keys to read and to change."""
        page = KeyMapView(keys, _KEYS_HINT)
        self.keys.setWidget(page)
        return page

    def show_classes(
        self, table: FactTable, order: NDArray[np.intp], colours: Mapping[str, str]
    ) -> None:
        """Show how many of each class are listed; nothing where there is one."""
        counts = class_counts(table, order)
        self.setTabVisible(1, len(counts) > 1)
        self.plot.show_counts(counts, colours)


def _short(name: str) -> str:
    return name if len(name) <= 4 else name[:3]


def _swatch(colour: str) -> pg.QtGui.QIcon:
    pixmap = pg.QtGui.QPixmap(10, 10)
    pixmap.fill(pg.mkColor(colour))
    return pg.QtGui.QIcon(pixmap)
