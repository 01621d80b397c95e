"""Write masks, tables and annotations to a folder that the person chooses."""

from __future__ import annotations

from dataclasses import dataclass
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
    ContainerExport,
    ContainerRow,
    losses_in,
    names_in,
)
from napari_cellsets.batch.export import (
    MaskForm,
    export_masks,
    write_counts_csv,
    write_objects_csv,
)
from napari_cellsets.batch.places import image_names
from napari_cellsets.batch.rows import CountRow
from napari_cellsets.batch.whole_set import is_corrected, trust_kept
from napari_cellsets.core.errors import ExportError
from napari_cellsets.counting.evaluate import evaluate
from napari_cellsets.counting.measure import ObjectTable, measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.store import Project

COUNTS_NAME: Final = "counts.csv"
OBJECTS_NAME: Final = "objects.csv"
MASKS_NAME: Final = "masks"
_FORMS: Final[dict[str, MaskForm]] = {
    "As in the data set": "own",
    "16-bit TIFF labels": "tiff",
    "16-bit PNG labels": "png",
}


@dataclass(frozen=True)
class Export:
    """What to write, and where.

    Parameters
    ----------
    dataset, project
        Whose labels; those in the store are exported, corrections included.
    samples
        Which of them.
    folder
        Where to write.
    masks
        Form of the masks, None for none.
    counts, objects
        Whether to write the tables.
    annotations
        Annotations to write as well, None for none.
    """

    dataset: Dataset
    project: Project
    samples: Sequence[Sample]
    folder: Path
    masks: MaskForm | None
    counts: bool
    objects: bool
    annotations: ContainerExport | None = None

    def __call__(self, token: CancelToken, progress: Progress) -> str:
        """Write everything; return a sentence for the person.

        Raises
        ------
        ExportError
            If the folder cannot be written, the disk is full, or nothing was
            counted yet.
        """
        said = []
        if self.annotations is not None:
            said.append(
                self.annotations.write(
                    self.dataset,
                    self.project,
                    self.samples,
                    self.folder,
                    token,
                    progress,
                )
            )
            if self.masks is None and not (self.counts or self.objects):
                return said[0]
        kept = [sample for sample in self.samples if self._labels(sample) is not None]
        if not kept and self.annotations is not None:
            return f"{said[0]}, no masks or tables: nothing was counted yet"
        if not kept:
            raise ExportError(
                "nothing was counted yet, so there is nothing to export",
                advice="Count first.",
            )
        if self.masks is not None:
            report = export_masks(
                self.dataset,
                self._labels,
                self.folder / MASKS_NAME,
                self.masks,
                samples=kept,
                token=token,
                progress=progress,
            )
            said.append("masks of " + _number(len(kept) - len(report.failed), "image"))
            said += [problem.message for problem in report.failed[:1]]
        if self.counts or self.objects:
            said += self._tables(kept, token, progress)
        return ", ".join(said)

    def _tables(
        self, kept: Sequence[Sample], token: CancelToken, progress: Progress
    ) -> list[str]:
        rows: list[CountRow] = []
        tables: list[tuple[str, ObjectTable]] = []
        names = image_names(self.dataset.samples)
        for number, sample in enumerate(kept):
            token.raise_if_cancelled()
            progress(number / len(kept), sample.name)
            name = names[sample.name]
            row, table = self._describe(sample, name)
            rows.append(row)
            tables.append((name, table))
        said = []
        if self.counts:
            write_counts_csv(rows, self.folder / COUNTS_NAME)
            said.append(f"{COUNTS_NAME} with " + _number(len(rows), "image"))
        if self.objects:
            write_objects_csv(tables, self.folder / OBJECTS_NAME)
            cells = sum(len(table) for _, table in tables)
            said.append(f"{OBJECTS_NAME} with " + _number(cells, "cell"))
        return said

    def _describe(self, sample: Sample, name: str) -> tuple[CountRow, ObjectTable]:
        stored = self.project.load_labels(self.dataset.identity, sample.name, "cells")
        if stored is None:
            raise ExportError("the labels have gone from the store", path=sample.name)
        labels, trust = stored.labels, trust_kept(stored)
        table = measure(labels, self.dataset.read_picture(sample))
        truth = self.dataset.read_truth(sample)
        compared = None if truth is None else evaluate(labels, truth.labels)
        untouched = trust is not None and not is_corrected(stored)
        row = CountRow.of(
            name,
            len(table),
            compared,
            split=sample.split,
            interval=trust.interval if trust is not None and untouched else None,
            model=str(stored.provenance.get("model", "")),
        )
        return row, table if trust is None else trust.into(table)

    def _labels(self, sample: Sample) -> np.ndarray | None:
        stored = self.project.load_labels(self.dataset.identity, sample.name, "cells")
        return None if stored is None else stored.labels


def _number(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


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
        self._browse.clicked.connect(self._on_browse_clicked)
        self.export_button.clicked.connect(self._on_export_clicked)
        self.open_button.clicked.connect(self._on_open_clicked)
        self.folder.textChanged.connect(self._on_folder_changed)
        self.masks.toggled.connect(self.form.setEnabled)
        self._on_folder_changed("")

    def tell(self, text: str, *, written: bool) -> None:
        """Say what came of the export."""
        self.message.setText(text)
        self.open_button.setVisible(written)

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
        if losses:
            # in a small window the question lies below the edge
            QTimer.singleShot(0, self._on_losses_told)

    @Slot()
    def _on_losses_told(self) -> None:
        area: Any = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is not None:
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
