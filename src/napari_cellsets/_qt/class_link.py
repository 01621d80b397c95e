"""Tie between the Classify dock and the table of counted cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_cellsets._napari.object_classes import object_classes
from napari_cellsets._qt.lifetimes import follow

if TYPE_CHECKING:
    from napari_cellsets._napari.session import Session
    from napari_cellsets._qt.object_table import ObjectTableView


class ClassLink(QObject):
    """Shows in a column of the table what each cell was classified as."""

    def __init__(self, session: Session, table: ObjectTableView) -> None:
        super().__init__(table)
        self._classes = object_classes(session)
        self._table = table
        follow(self, self._classes.changed, self._on_classes_changed)
        self._on_classes_changed()

    def _on_classes_changed(self) -> None:
        self._table.show_classes(self._classes.titles)
