"""Write masks, tables and annotations to a folder that the person chooses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import Qt, QTimer, QUrl, Signal, Slot
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._qt.export_annotations import (
    ContainerRow,
    losses_in,
    names_in,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from napari_cellsets.batch.export import MaskForm

_FORMS: Final[dict[str, MaskForm]] = {
    "As in the data set": "own",
    "16-bit TIFF labels": "tiff",
    "16-bit PNG labels": "png",
}


class ExportView(QWidget):
    """What to write, where, and what came of it."""

    wanted = Signal(object)
    """The person pressed Export: a dict of `whole_set`, `folder`, `masks`, ..."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scope = QComboBox()
        self.scope.addItems(["This image", "Every image of the set"])
        self.scope.setAccessibleName("What to export")
        self.masks = QCheckBox("Masks")
        self.form = QComboBox()
        self.form.addItems(list(_FORMS))
        self.form.setAccessibleName("Form of the masks")
        self.counts = QCheckBox("Table of counts (CSV)")
        self.objects = QCheckBox("Table of objects (CSV)")
        for box in (self.masks, self.counts, self.objects):
            box.setChecked(True)
        self.annotations = ContainerRow()
        self.folder = QLineEdit()
        self.folder.setPlaceholderText("Folder to write to")
        self.folder.setAccessibleName("Folder to write to")
        self._browse = QPushButton("Choose…")
        self._browse.setToolTip("Choose the folder to write to")
        self.export_button = QPushButton("Export")
        self.export_button.setToolTip("Write the files; originals are never touched")
        self.message = QLabel()
        self.open_button = QPushButton("Open the folder")
        self._lay_out()
        self._chosen, self._of = False, ""
        ticked = (self.masks, self.counts, self.objects, self.annotations.wanted)
        for box in ticked:
            box.clicked.connect(self._on_chosen)
        self._browse.clicked.connect(self._on_browse_clicked)
        self.export_button.clicked.connect(self._on_export_clicked)
        self.open_button.clicked.connect(self._on_open_clicked)
        self.folder.textChanged.connect(self._on_folder_changed)
        self.masks.toggled.connect(self.form.setEnabled)
        self._on_folder_changed("")

    def suggest(
        self,
        of: str,
        *,
        counted: bool,
        annotated: bool,
        kinds: Collection[type] = (),
    ) -> None:
        """Tick what there is to write, until the person has chosen otherwise.

        Parameters
        ----------
        of
            The set: in another one nothing is chosen yet.
        counted
            Whether cells were counted: masks and tables of them.
        annotated
            Whether there are annotations, of the set or by hand.
        kinds
            Kinds of annotation that there are besides labels.
        """
        self.annotations.suggest(of, kinds)
        self._chosen = self._chosen and of == self._of
        self._of = of
        if self._chosen:
            return
        only_annotations = annotated and not counted
        for box in (self.masks, self.counts, self.objects):
            box.setChecked(not only_annotations)
        self.annotations.wanted.setChecked(only_annotations)

    @Slot()
    def _on_chosen(self) -> None:
        self._chosen = True

    def tell(self, text: str, *, written: bool) -> None:
        """Say what came of the export."""
        self.message.setText(text)
        self.open_button.setVisible(written)
        if text:
            # in a small window what is said lies below the edge
            QTimer.singleShot(0, self._on_told)

    def add_progress(self, row: QWidget) -> None:
        """Show how far an export is, and a way to stop it, below the button."""
        layout = self.layout()
        layout.insertWidget(layout.indexOf(self.message), row)

    def tell_failed(self, error: Exception) -> None:
        """Say why nothing was written; ask first where something would be lost."""
        losses = losses_in(error)
        self.annotations.tell_losses(losses, names_in(error))
        text = "Nothing was written: something would be lost." if losses else str(error)
        self.tell(f"⚠ {text}", written=False)

    @Slot()
    def _on_told(self) -> None:
        area: Any = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is not None:
            last = self.open_button if self.open_button.isVisible() else self.message
            area.ensureWidgetVisible(last)
            area.ensureWidgetVisible(self.export_button)

    def _lay_out(self) -> None:
        self.message.setWordWrap(True)
        self.message.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
        )
        self.message.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding
        )
        self.open_button.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(self.scope)
        for left, right in (
            (self.masks, self.form),
            (self.folder, self._browse),
        ):
            row = QHBoxLayout()
            row.addWidget(left)
            row.addWidget(right)
            layout.addLayout(row)
            if left is self.masks:
                layout.addWidget(self.counts)
                layout.addWidget(self.objects)
                layout.addWidget(self.annotations)
        for widget in (self.export_button, self.message, self.open_button):
            layout.addWidget(widget)
        layout.addStretch(1)

    @Slot()
    def _on_browse_clicked(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, "Choose a folder to write to", self.folder.text()
        )
        if chosen:
            self.folder.setText(chosen)

    @Slot(str)
    def _on_folder_changed(self, text: str) -> None:
        self.export_button.setEnabled(bool(text.strip()))

    @Slot()
    def _on_export_clicked(self) -> None:
        asked: dict[str, Any] = {
            "whole_set": self.scope.currentIndex() == 1,
            "folder": Path(self.folder.text().strip()).expanduser(),
            "masks": _FORMS[self.form.currentText()]
            if self.masks.isChecked()
            else None,
            "counts": self.counts.isChecked(),
            "objects": self.objects.isChecked(),
            "annotations": self.annotations.asked(),
        }
        self.wanted.emit(asked)

    @Slot()
    def _on_open_clicked(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(self.folder.text().strip()))
