"""Masks, tables and annotations of what the store holds, written to a folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from napari_cellsets.batch.class_counts import ClassCountRow, write_class_counts_csv
from napari_cellsets.batch.drawn_on import picture_changed
from napari_cellsets.batch.export import (
    MaskForm,
    export_masks,
    write_counts_csv,
    write_objects_csv,
)
from napari_cellsets.batch.kept_predictions import predicted_objects
from napari_cellsets.batch.known_classes import kept_objects
from napari_cellsets.batch.object_facts import with_facts
from napari_cellsets.batch.places import image_names, refuse_originals
from napari_cellsets.batch.rows import CountRow
from napari_cellsets.batch.whole_set import is_corrected, trust_kept
from napari_cellsets.core.errors import ExportError
from napari_cellsets.counting.classes import count_classes
from napari_cellsets.counting.evaluate import evaluate
from napari_cellsets.counting.measure import ObjectTable, measure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np

    from napari_cellsets.batch.container_export import ContainerExport
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.store import Project

COUNTS_NAME: Final = "counts.csv"
CLASSES_NAME: Final = "counts_per_class.csv"
OBJECTS_NAME: Final = "objects.csv"
MASKS_NAME: Final = "masks"
_MOST_TOLD = 3


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
        Whether to write the tables. With the counts comes a table of counts per
        class where objects have classes.
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
        refuse_originals(
            self.dataset, self.folder, (COUNTS_NAME, CLASSES_NAME, OBJECTS_NAME)
        )
        said = []
        if self.annotations is not None:
            what = self.dataset, self.project, self.samples
            said.append(self.annotations.write(*what, self.folder, token, progress))
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
        self, samples: Sequence[Sample], token: CancelToken, progress: Progress
    ) -> list[str]:
        described = []
        names = image_names(self.dataset.samples)
        for number, sample in enumerate(samples):
            token.raise_if_cancelled()
            progress(number / len(samples), sample.name)
            described.append(self._describe(sample, names[sample.name], token))
        said = []
        if self.counts:
            write_counts_csv([one.row for one in described], self.folder / COUNTS_NAME)
            said.append(f"{COUNTS_NAME} with " + _number(len(described), "image"))
            classes = [row for one in described for row in one.classes]
            if classes:
                write_class_counts_csv(classes, self.folder / CLASSES_NAME)
                number = len({row.found.name for row in classes if row.found.name})
                said.append(
                    f"{CLASSES_NAME} with {number} "
                    + ("class" if number == 1 else "classes")
                )
        if self.objects:
            tables = [(one.row.image, one.table) for one in described]
            write_objects_csv(tables, self.folder / OBJECTS_NAME)
            cells = sum(len(table) for _, table in tables)
            said.append(f"{OBJECTS_NAME} with " + _number(cells, "cell"))
        changed = [one.changed for one in described if one.changed]
        said += changed[:_MOST_TOLD]
        if len(changed) > _MOST_TOLD:
            said.append(f"{len(changed) - _MOST_TOLD} more like that")
        return said

    def _describe(self, sample: Sample, name: str, token: CancelToken) -> _Described:
        kept = kept_objects(self.dataset, self.project, sample)
        if kept is None or kept.stored is None:
            raise ExportError("the labels have gone from the store", path=sample.name)
        true = kept_objects(self.dataset, self.project, sample, "truth")
        trust = trust_kept(kept.stored)
        picture = self.dataset.read_picture(sample)
        table = measure(kept.labels, picture, token, outline=True)
        changed = picture_changed(picture, kept.stored, sample.name)
        compared = None
        if true is not None:
            compared = evaluate(kept.labels, true.labels, token=token)
        untouched = trust is not None and not is_corrected(kept.stored)
        row = CountRow.of(
            name,
            len(table),
            compared,
            split=sample.split,
            interval=trust.interval if trust is not None and untouched else None,
            model=str(kept.stored.provenance.get("model", "")),
        )
        classes = count_classes(
            table.columns["label"],
            kept.classes,
            true_classes=None if true is None else true.classes,
            evaluation=compared,
        )
        table = table if trust is None else trust.into(table)
        rows = [ClassCountRow(name, one) for one in classes]
        told = "" if changed is None else str(changed)
        place = sample.name, "cells"
        said = predicted_objects(self.dataset, self.project, place, kept.labels)
        return _Described(row, with_facts(table, kept, said), rows, told)

    def _labels(self, sample: Sample) -> np.ndarray | None:
        stored = self.project.load_labels(self.dataset.identity, sample.name, "cells")
        return None if stored is None else stored.labels


class _Described(NamedTuple):
    """What the tables say of one image."""

    row: CountRow
    table: ObjectTable
    classes: list[ClassCountRow]
    changed: str = ""
    """What to tell where the picture is another one than its cells were drawn on."""


def _number(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
