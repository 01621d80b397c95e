"""The part of the Export page that writes COCO, VOC, YOLO and other containers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Slot
from qtpy.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QWidget

from napari_cellsets.batch.container_export import (
    ContainerExport,
    LossesForeseenError,
)
from napari_cellsets.batch.once import ALL
from napari_cellsets.batch.own_form import OWN
from napari_cellsets.core.annotation import LabelImage
from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.containers.fit import best_form

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_GENERAL = 2
"""Choices that name no annotation."""
SOURCES = ("of the data set, corrected", "counted and corrected cells")


class ContainerRow(QWidget):
    """Whether to write annotations, whose, in which form; and what would be lost."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._asked: ContainerExport | None = None
        self._chosen, self._of = False, ""
        self.wanted = QCheckBox("Annotations", self)
        self.form = QComboBox(self)
        for key, form in FORMS.items():
            self.form.addItem(form.title, key)
        self.form.addItem("Corrections, as in the data set", OWN)
        self.form.setAccessibleName("Form of the annotations")
        self.source = QComboBox(self)
        self.source.addItems(SOURCES)
        self.source.setAccessibleName("Whose annotations")
        self.images = QCheckBox("with the images", self)
        self.losses = QLabel(self)
        self.losses.setWordWrap(True)
        self.alone = QComboBox(self)
        self.alone.setAccessibleName("Which of the annotations")
        self.alone.setToolTip(
            "Write every object once, or one of the annotations of each image, or all"
        )
        self.lossy = QCheckBox("Write it all the same, with these losses", self)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.wanted, 0, 0)
        layout.addWidget(self.images, 0, 1)
        # as wide as the dock: their words are long
        layout.addWidget(self.form, 1, 0, 1, 2)
        layout.addWidget(self.source, 2, 0, 1, 2)
        layout.addWidget(self.losses, 3, 0, 1, 2)
        layout.addWidget(self.alone, 4, 0, 1, 2)
        layout.addWidget(self.lossy, 5, 0, 1, 2)
        layout.setColumnStretch(1, 1)
        for box in (self.form, self.source):
            box.setMinimumContentsLength(8)
            box.currentIndexChanged.connect(self._on_choice_changed)
        self.form.currentIndexChanged.connect(self._on_form_changed)
        self.wanted.toggled.connect(self._on_wanted_toggled)
        self._on_wanted_toggled(False)
        self.tell_losses("")

    def suggest(self, of: str, kinds: Collection[type]) -> None:
        """Offer the form that holds most of what is marked, until another is chosen.

        `kinds` are those besides labels, which ground truth and counted cells are.
        """
        self._chosen = self._chosen and of == self._of
        self._of = of
        if not self._chosen:
            best = best_form({LabelImage, *kinds})
            self.form.setCurrentIndex(self.form.findData(best))
            self._chosen = False

    def asked(self) -> ContainerExport | None:
        """What the person has chosen; None for no annotations."""
        if not self.wanted.isChecked():
            return None
        key: Any = self.form.currentData()
        self._asked = ContainerExport(
            str(key),
            self.source.currentIndex() == 1,
            self.images.isChecked(),
            self.lossy.isChecked() and not self.lossy.isHidden(),
            str(self.alone.currentData() or ""),
        )
        return self._asked

    def tell_written(self) -> None:
        """Offer the annotations that there are, now that they are known."""
        names = () if self._asked is None else tuple(self._asked.names)
        self.tell_losses("")
        self._offer(names)
        self.alone.setVisible(len(names) > 1)

    def tell_losses(self, text: str, names: Sequence[str] = ()) -> None:
        """Say what would be lost and ask whether to go on; nothing for no text.

        Parameters
        ----------
        text
            The losses in words.
        names
            Names of annotations, one of which may be written alone.
        """
        if not text or names:
            self._offer(names)
        self.alone.setVisible(bool(text) and self.alone.count() > _GENERAL + 1)
        self.losses.setText(text)
        self.losses.setVisible(bool(text))
        self.lossy.setVisible(bool(text))
        if not text:
            self.lossy.setChecked(False)

    def _offer(self, names: Sequence[str]) -> None:
        before = self.alone.currentData()
        self.alone.clear()
        self.alone.addItem("every object once", "")
        self.alone.addItem("all annotations", ALL)
        for name in names:
            self.alone.addItem(f"only {name}", name)
        self.alone.setCurrentIndex(max(0, self.alone.findData(before)))

    @Slot(bool)
    def _on_wanted_toggled(self, wanted: bool) -> None:
        for part in (self.form, self.source, self.images):
            part.setEnabled(wanted)
        self.tell_losses("")

    @Slot(int)
    def _on_form_changed(self, _index: int) -> None:
        self._chosen = True

    @Slot(int)
    def _on_choice_changed(self, _index: int) -> None:
        # what was said is true of the choice before
        self.tell_losses("")


def losses_in(error: Exception) -> str:
    """What would be lost, where that is why an export stopped."""
    if isinstance(error, LossesForeseenError):
        return error.problem
    return ""


def names_in(error: Exception) -> tuple[str, ...]:
    """Names of the annotations that there are, where losses stopped an export."""
    return error.names if isinstance(error, LossesForeseenError) else ()
