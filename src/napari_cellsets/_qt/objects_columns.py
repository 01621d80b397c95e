"""Which columns the table of objects shows: chosen by the person, and kept."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QObject, QPoint, Qt, Signal, Slot
from qtpy.QtWidgets import QMenu

from napari_cellsets._napari.remembered import remember, remembered
from napari_cellsets._qt.object_columns import heading, meaning
from napari_cellsets._qt.object_widths import LeftOutNote

if TYPE_CHECKING:
    from napari_cellsets._qt.object_table import ObjectTableView

_KEPT: Final = "columns of objects"
_ALWAYS: Final = "label"
#: A row leads to its object, and its size stands there as the area.
_AT_FIRST: Final = (
    "centroid_y",
    "centroid_x",
    "equivalent_diameter_px",
    "equivalent_diameter_um",
)


class ColumnMenu(QObject):
    """A click with the right button on a heading chooses the columns.

    Attributes
    ----------
    left_out
        Says which of them there is no room for.
    """

    changed = Signal()
    """Other columns are shown."""

    def __init__(self, table: ObjectTableView) -> None:
        super().__init__(table)
        self._table = table
        self.left_out = LeftOutNote(table)
        known = remembered(_KEPT)
        self._hidden = set(known if isinstance(known, list) else _AT_FIRST)
        table.objects.make_narrow(self._hidden)
        header = table.horizontalHeader()
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._on_menu_wanted)

    def menu(self) -> QMenu:
        """Return the menu: one line a column that was measured."""
        menu = QMenu(self._table)
        menu.setToolTipsVisible(True)
        for name in self._table.objects.known_columns:
            if name != _ALWAYS:
                line = menu.addAction(heading(name))
                line.setToolTip(meaning(name))
                line.setCheckable(True)
                line.setChecked(name not in self._hidden)
                line.toggled.connect(partial(self._on_toggled, name))
        return menu

    @Slot(QPoint)
    def _on_menu_wanted(self, place: QPoint) -> None:
        header = self._table.horizontalHeader()
        self.menu().popup(header.viewport().mapToGlobal(place))

    def _on_toggled(self, name: str, shown: bool) -> None:
        self._hidden = self._hidden - {name} if shown else self._hidden | {name}
        remember(_KEPT, sorted(self._hidden))
        self._table.show_columns(without=self._hidden)
        self.changed.emit()
