"""Classifying the cells of a set beside a window in which people go on working."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_cellsets.batch.ahead import done_ahead
from napari_cellsets.batch.class_rows import ClassRow, ObjectRow
from napari_cellsets.batch.places import image_names, refuse_originals
from napari_cellsets.batch.resume import as_csv
from napari_cellsets.classify.job import cell_pixels
from napari_cellsets.classify.truth import spoken
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.atomic import atomic_output
from napari_cellsets.inference.scoring import (
    BATCH,
    ReadyCell,
    prepare_cell,
    score_batches,
)
from napari_cellsets.inference.sessions import physical_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.classify.crops import Crops
    from napari_cellsets.classify.gather import Gathered
    from napari_cellsets.classify.table import ClassTable
    from napari_cellsets.core.cancel import CancelToken, Progress


@dataclass
class ClassifyRun:
    """A run over the cells of a set, readable after it was cancelled.

    Parameters
    ----------
    dataset
        A set whose pictures are single cells.
    gathered
        Where answers go; samples that it knows already are not asked again.
    keep
        Puts new answers on disk while the run goes on, so that little is lost where
        the power fails; None for nothing.
    every_s
        Time between two calls of `keep`, in seconds.
    problems
        What could not be read, in words.
    unkept
        Why the last answers could not be kept, in words; empty where they are.
    """

    dataset: Dataset
    gathered: Gathered
    keep: Callable[[ClassTable], None] | None = None
    every_s: float = 5.0
    problems: list[str] = field(default_factory=list)
    unkept: str = ""
    _fresh: list[int] = field(default_factory=list)

    def __call__(self, token: CancelToken, progress: Progress) -> ClassifyRun:
        """Classify every sample that waits; a bad one is noted and passed over.

        Raises
        ------
        CancelledError
            If the token was cancelled; what was finished stays in `gathered`.
        ModelError
            If the model cannot be used.
        """
        waiting = self.gathered.waiting
        ready: list[int] = []
        cells = self._cells(waiting, ready, token)
        done, due = 0, time.monotonic() + self.every_s
        try:
            for scores in score_batches(cells, self.gathered.info, token=token):
                answered = ready[done : done + len(scores)]
                self.gathered.put(answered, scores)
                self._fresh += answered
                done += len(scores)
                if time.monotonic() >= due:
                    self._keep_fresh()
                    due = time.monotonic() + self.every_s
                seen = done + len(self.problems)
                progress(seen / waiting.size, f"{seen} of {waiting.size} cells")
        finally:
            self._keep_fresh()
        return self

    def _keep_fresh(self) -> None:
        """Keep what is new; what cannot be kept now is tried again the next time."""
        if self.keep is None or not self._fresh:
            return
        try:
            self.keep(self.gathered.table(self._fresh))
        except CellsetsError as error:
            self.unkept = str(error)
        else:
            self._fresh, self.unkept = [], ""

    def _cells(
        self, waiting: NDArray[np.intp], ready: list[int], token: CancelToken
    ) -> Iterator[ReadyCell]:
        """Yield the cells that can be read; `ready` grows with their numbers."""
        cores = max(1, physical_cores())
        found = done_ahead(
            self._prepared, waiting, token, workers=cores, ahead=2 * BATCH
        )
        for index, cell in zip(waiting, found, strict=True):
            if isinstance(cell, CellsetsError):
                self.problems.append(str(cell))
                continue
            ready.append(int(index))
            yield cell

    def _prepared(self, index: int) -> ReadyCell | CellsetsError:
        try:
            picture = self.dataset.read_picture(self.dataset.samples[index])
            return prepare_cell(cell_pixels(picture), self.gathered.info)
        except CellsetsError as error:
            return error


def write_cells_csv(
    dataset: Dataset,
    indices: Sequence[int],
    table: ClassTable,
    truth: Sequence[str | None],
    out_csv: Path,
) -> None:
    """Write one row a cell of a set, as `classify_dataset` does.

    Parameters
    ----------
    dataset, indices
        The set, and which of its samples the rows of `table` are.
    table, truth
        What was said of them, and their labels.
    out_csv
        Replaced where it exists.

    Raises
    ------
    ExportError
        If it would replace a file of the set, or cannot be written.
    """
    names = image_names(dataset.samples)
    found = dataset.classes if dataset.kind == "cells" else ()
    aliases = dataset.recipe.class_titles
    named = table.called(spoken(table.classes, table.titles, found, aliases))
    images = [names[dataset.samples[at].name] for at in indices]
    rows = [ClassRow.of(named, i, image, truth[i]) for i, image in enumerate(images)]
    _write(dataset, ClassRow, rows, out_csv)


def write_objects_csv(
    dataset: Dataset,
    index: int,
    table: ClassTable,
    truth: Sequence[str | None],
    crops: Crops,
    out_csv: Path,
) -> None:
    """Write one row an object of one image, as `classify_dataset` does.

    Parameters
    ----------
    dataset, index
        The set, and which sample.
    table, truth, crops
        Its objects, row by row the same.
    out_csv
        Replaced where it exists.

    Raises
    ------
    ExportError
        If it would replace a file of the set, or cannot be written.
    """
    image = image_names(dataset.samples)[dataset.samples[index].name]
    rows = [
        ObjectRow.of(
            table,
            i,
            image,
            truth[i],
            label=int(label),
            y=round(float(crops.centres_yx[i, 0]), 2),
            x=round(float(crops.centres_yx[i, 1]), 2),
        )
        for i, label in enumerate(crops.labels)
    ]
    _write(dataset, ObjectRow, rows, out_csv)


def _write(
    dataset: Dataset, kind: type[ClassRow], rows: Sequence[ClassRow], out_csv: Path
) -> None:
    refuse_originals(dataset, out_csv.parent, [out_csv.name])
    lines = [kind.columns(), *(row.texts() for row in rows)]
    with atomic_output(out_csv) as aside:
        aside.write_bytes(as_csv(lines).encode())
