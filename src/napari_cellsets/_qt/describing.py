"""Offers the *Describe a folder* dialog where no data set, or several, fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal, Slot
from qtpy.QtWidgets import QPushButton, QWidget

from napari_cellsets._qt.describe import DescribeDialog
from napari_cellsets.core.errors import NotRecognisedError

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset


class DescribeOffer(QPushButton):
    """A button that is there only while there is something to describe."""

    chosen = Signal(object, str)
    """Open this path as the row of this key."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Describe this folder…", parent)
        self.setToolTip("Say which files are pictures and masks, and keep that")
        self._path: Path | None = None
        self.dialog: DescribeDialog | None = None
        self.clicked.connect(self._on_clicked)
        self.hide()

    def withdraw(self) -> None:
        """Offer nothing."""
        self._path = None
        self.hide()

    def offer_after(self, path: Path, error: Exception) -> None:
        """Offer it for a place that nothing, or more than one row, fits."""
        if isinstance(error, NotRecognisedError):
            self._offer(path)

    def offer_for(self, dataset: Dataset) -> None:
        """Offer it for a folder that opened as plain pictures."""
        if dataset.recipe.rank == 0 and dataset.path.is_dir():
            self._offer(dataset.path)
        else:
            self.withdraw()

    @Slot(object)
    def show_dialog(self, path: Path) -> None:
        """Open the dialog for a place."""
        if self.dialog is not None:
            self.dialog.close()
        self.dialog = DescribeDialog(path, self.window())
        self.dialog.chosen.connect(self.chosen)
        self.dialog.destroyed.connect(self._on_dialog_destroyed)
        self.dialog.show()

    def _offer(self, path: Path) -> None:
        self._path = path
        self.show()

    @Slot()
    def _on_clicked(self) -> None:
        if self._path is not None:
            self.show_dialog(self._path)

    @Slot()
    def _on_dialog_destroyed(self) -> None:
        self.dialog = None
