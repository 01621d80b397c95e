"""What of a set to list: words, a split, a class, what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal, Slot
from qtpy.QtWidgets import QComboBox, QGridLayout, QLineEdit, QSizePolicy, QWidget

from napari_cellsets._napari.browsing import PROGRESS_CHOICES, SampleFilter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_cellsets.catalogue import Dataset


class FilterRow(QWidget):
    """Which samples to list: words, a split, a class or what was done."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QLineEdit(self)
        self.text.setPlaceholderText("Filter by name or fact")
        self.text.setClearButtonEnabled(True)
        self.text.setAccessibleName("Filter by name or fact")
        self.split = QComboBox(self)
        self.split.setAccessibleName("Split")
        self.progress = QComboBox(self)
        self.progress.setAccessibleName("Show which samples")
        self.cell_class = QComboBox(self)
        self.cell_class.setAccessibleName("Class")
        _fill(self.progress, ((words, key) for key, words in PROGRESS_CHOICES))
        for box in (self.split, self.progress, self.cell_class):
            box.setMinimumContentsLength(6)
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.text, 0, 0, 1, 2)
        layout.addWidget(self.split, 1, 0)
        layout.addWidget(self.progress, 1, 1)
        layout.addWidget(self.cell_class, 1, 1)
        self.text.textChanged.connect(self._on_edited)
        for box in (self.split, self.progress, self.cell_class):
            box.currentIndexChanged.connect(self._on_edited)

    def show_dataset(self, dataset: Dataset) -> None:
        """Offer what a set has, and filter nothing.

        A set with several splits offers all of them; single cells are told apart
        by their class, as there are no outlines to correct.
        """
        cells = dataset.kind == "cells"
        self.blockSignals(True)
        self.text.clear()
        self.progress.setCurrentIndex(0)
        _fill(self.split, [("all splits", ("", "")), *_splits(dataset)])
        self.split.setVisible(self.split.count() > 1)
        _fill(self.cell_class, [("all classes", ""), *_classes(dataset)])
        self.progress.setVisible(not cells)
        self.cell_class.setVisible(cells)
        self.blockSignals(False)

    def wanted(self) -> SampleFilter:
        """Return what the person asks for."""
        kind, split = self.split.currentData() or ("", "")
        return SampleFilter(
            self.text.text(),
            split,
            self.progress.currentData(),
            split_by=kind,
            cell_class=self.cell_class.currentData() or "",
        )

    @Slot()
    def _on_edited(self) -> None:
        self.changed.emit()


def _fill(box: QComboBox, items: Iterable[tuple[str, object]]) -> None:
    box.clear()
    for words, data in items:
        box.addItem(words, data)


def _splits(dataset: Dataset) -> Iterable[tuple[str, tuple[str, str]]]:
    """Words and (what it splits by, name) of each split."""
    if not dataset.split_kinds:
        for name, count in dataset.splits.items():
            yield f"{name} ({count:,})", ("", name)
    for kind in dataset.split_kinds:
        for name, count in dataset.split_by(kind).splits.items():
            yield f"{name} by {kind} ({count:,})", (kind, name)


def _classes(dataset: Dataset) -> Iterable[tuple[str, str]]:
    """Words and name of each class of which something is there."""
    titles = dataset.recipe.class_titles
    for name, (count, _) in dataset.completeness.classes.items():
        if count:
            title = f", {titles[name]}" if name in titles else ""
            yield f"{name}{title} ({count:,})", name
