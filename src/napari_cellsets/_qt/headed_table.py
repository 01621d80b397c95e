"""A table whose columns have fixed headings; what fills it is the model's own."""

from __future__ import annotations

from typing import Any, ClassVar

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt

_NO_PARENT = QModelIndex()


class HeadedTableModel(QAbstractTableModel):
    """Table model that tells its columns; rows and cells are left to its children.

    Attributes
    ----------
    HEADINGS
        What stands over each column, from the left.
    """

    HEADINGS: ClassVar[tuple[str, ...]] = ()

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        """One column a heading."""
        return 0 if parent.isValid() else len(self.HEADINGS)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Headings of the columns."""
        wanted = orientation == Qt.Orientation.Horizontal
        if wanted and role == Qt.ItemDataRole.DisplayRole:
            return self.HEADINGS[section]
        return None
