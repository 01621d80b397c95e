"""The part of the Export page that writes COCO, VOC, YOLO and other containers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Slot
from qtpy.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QWidget

from napari_cellsets.batch.convert import convert_dataset
from napari_cellsets.batch.losses import foresee_losses
from napari_cellsets.core.annotation import LabelImage
from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.containers.base import FORMS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_cellsets.batch.losses import Losses
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.store import Project

SOURCES = ("of the data set", "counted and corrected cells")


class LossesForeseenError(ExportError):
    """The form cannot hold everything, and nobody has allowed losses.

    Parameters
    ----------
    losses
        What would be lost.
    """

    def __init__(self, losses: Losses) -> None:
        super().__init__(losses.text)
        self.names = losses.names


@dataclass(frozen=True)
class ContainerExport:
    """Annotations to write.

    Parameters
    ----------
    form
        Key of the form.
    cells
        Whether the cells in the store are written, else what the set itself has.
    with_images, lossy, annotation
        As for `convert_dataset`.
    """

    form: str
    cells: bool = False
    with_images: bool = False
    lossy: bool = False
    annotation: str = ""

    def write(
        self,
        dataset: Dataset,
        project: Project,
        samples: Sequence[Sample],
        folder: Path,
        token: CancelToken,
        progress: Progress,
    ) -> str:
        """Write all of it; return a sentence for the person.

        Raises
        ------
        LossesForeseenError
            If something would be lost and `lossy` is not set; nothing is written.
        ExportError
            As of `convert_dataset`.
        """
        source = self._source(dataset, project) if self.cells else None
        if source is not None:
            samples = [sample for sample in samples if source(sample)]
            if not samples:
                raise ExportError(
                    "nothing was counted yet, so there are no cells to export",
                    advice="Count first, or export the annotations of the data set.",
                )
        if not self.lossy:
            losses = foresee_losses(
                dataset,
                self.form,
                samples=samples,
                annotation=self.annotation,
                annotations_of=source,
                token=token,
                progress=progress,
            )
            if losses.reasons:
                raise LossesForeseenError(losses)
        report = convert_dataset(
            dataset,
            self.form,
            folder,
            samples=samples,
            with_images=self.with_images,
            lossy=self.lossy,
            annotation=self.annotation,
            annotations_of=source,
            token=token,
            progress=progress,
        )
        done = report.converted + report.resumed
        said = f"{FORMS[self.form].title} of {done:,} image{'' if done == 1 else 's'}"
        if report.failed:
            said += f"; {len(report.failed):,} left out: {report.failed[0].message}"
        return said

    def _source(
        self, dataset: Dataset, project: Project
    ) -> Callable[[Sample], Sequence[Annotation]]:
        names = dict(enumerate(dataset.recipe.classes, start=1))

        def annotations_of(sample: Sample) -> Sequence[Annotation]:
            stored = project.load_labels(dataset.identity, sample.name, "cells")
            if stored is None:
                return ()
            return (LabelImage(stored.labels, "cells", {1: names.get(1, "cell")}),)

        return annotations_of


class ContainerRow(QWidget):
    """Whether to write annotations, whose, in which form; and what would be lost."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.wanted = QCheckBox("Annotations", self)
        self.form = QComboBox(self)
        for key, form in FORMS.items():
            self.form.addItem(form.title, key)
        self.form.setAccessibleName("Form of the annotations")
        self.source = QComboBox(self)
        self.source.addItems(SOURCES)
        self.source.setAccessibleName("Whose annotations")
        self.images = QCheckBox("with the images", self)
        self.losses = QLabel(self)
        self.losses.setWordWrap(True)
        self.alone = QComboBox(self)
        self.alone.setAccessibleName("Which of the annotations")
        self.alone.setToolTip("Write all annotations of each image, or one of them")
        self.lossy = QCheckBox("Write it all the same, with these losses", self)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.wanted, 0, 0)
        layout.addWidget(self.form, 0, 1)
        layout.addWidget(self.source, 1, 1)
        layout.addWidget(self.images, 2, 1)
        layout.addWidget(self.losses, 3, 0, 1, 2)
        layout.addWidget(self.alone, 4, 0, 1, 2)
        layout.addWidget(self.lossy, 5, 0, 1, 2)
        layout.setColumnStretch(1, 1)
        for box in (self.form, self.source):
            box.setMinimumContentsLength(8)
            box.currentIndexChanged.connect(self._on_choice_changed)
        self.wanted.toggled.connect(self._on_wanted_toggled)
        self._on_wanted_toggled(False)
        self.tell_losses("")

    def asked(self) -> ContainerExport | None:
        """What the person has chosen; None for no annotations."""
        if not self.wanted.isChecked():
            return None
        key: Any = self.form.currentData()
        return ContainerExport(
            str(key),
            self.source.currentIndex() == 1,
            self.images.isChecked(),
            self.lossy.isChecked() and not self.lossy.isHidden(),
            str(self.alone.currentData() or ""),
        )

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
            before = self.alone.currentData()
            self.alone.clear()
            self.alone.addItem("all annotations", "")
            for name in names:
                self.alone.addItem(f"only {name}", name)
            self.alone.setCurrentIndex(max(0, self.alone.findData(before)))
        self.alone.setVisible(bool(text) and self.alone.count() > 2)
        self.losses.setText(text)
        self.losses.setVisible(bool(text))
        self.lossy.setVisible(bool(text))
        if not text:
            self.lossy.setChecked(False)

    @Slot(bool)
    def _on_wanted_toggled(self, wanted: bool) -> None:
        for part in (self.form, self.source, self.images):
            part.setEnabled(wanted)
        self.tell_losses("")

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
