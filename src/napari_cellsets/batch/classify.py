"""Name every cell of a set, and go on where a run was stopped."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from operator import ne
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellsets.batch.ahead import done_ahead
from napari_cellsets.batch.class_rows import ClassRow, ObjectRow, table_of
from napari_cellsets.batch.filling import Filling, Images, silent
from napari_cellsets.batch.objects import ObjectsOf
from napari_cellsets.batch.picture_classes import classes_said
from napari_cellsets.batch.places import image_names, refuse_originals
from napari_cellsets.classify.crops import crop_objects
from napari_cellsets.classify.job import cell_pixels
from napari_cellsets.classify.report import ClassReport, compare
from napari_cellsets.classify.table import ClassTable
from napari_cellsets.classify.truth import spoken
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, CellsetsError, ModelError
from napari_cellsets.formats.files import Problem
from napari_cellsets.inference.classifier import (
    ClassifierInfo,
    default_classifier,
    read_classifier_info,
)
from napari_cellsets.inference.metadata import model_hash
from napari_cellsets.inference.scoring import (
    BATCH,
    ReadyCell,
    prepare_cell,
    score_batches,
    score_cells,
)
from napari_cellsets.inference.sessions import physical_cores

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from napari_cellsets.batch.filling import Progress
    from napari_cellsets.batch.objects import MarkedPicture
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.store import Project


@dataclass(frozen=True)
class ClassifyReport:
    """What a run over a set has done.

    Parameters
    ----------
    rows
        One a cell, in the order of the set.
    failed
        Files that could not be read, and why.
    table
        What the rows tell: of each cell the three likeliest classes.
    report
        Comparison with the published classes, or with those that people corrected;
        None where there are none.
    classified
        Cells classified in this run; the other rows were finished before.
    notes
        What the person should know: why a run started anew.
    corrected
        Cells compared with a class that a person gave in place of the published one.
    published
        Comparison with the published classes alone; None where none was corrected.
    """

    rows: list[ClassRow]
    failed: list[Problem]
    table: ClassTable
    report: ClassReport | None
    classified: int = 0
    notes: list[str] = field(default_factory=list)
    corrected: int = 0
    published: ClassReport | None = None


def classify_dataset(
    dataset: Dataset,
    out_csv: Path | str,
    *,
    model: Path | str | ClassifierInfo | None = None,
    samples: Sequence[Sample] | None = None,
    objects: bool = False,
    masks_dir: Path | str | None = None,
    project: Project | None = None,
    resume: bool = True,
    token: CancelToken | None = None,
    progress: Progress | None = None,
) -> ClassifyReport:
    """Name every cell of a set into a CSV file.

    Each picture is one cell; with `objects` each labelled object of each picture is
    one. Rows are on disk batch by batch (picture by picture with `objects`). A later
    call with the same model goes on with what is missing, and names the cells of
    pictures anew whose files changed since. Pictures are decoded while the network
    works on others; no more than a few batches are held, however large the set is.

    Parameters
    ----------
    dataset
        An open data set.
    out_csv
        The file of classes; ``.NAME.state`` beside it says how it was made.
    model
        An ONNX file, or `ClassifierInfo`; the shipped classifier by default.
    samples
        Only these; all by default.
    objects
        Cut out and classify the objects of the ground truth.
    masks_dir
        Those of label images in this folder instead, named as `count_dataset` names
        them; implies `objects`.
    project
        Where people corrected classes: those count before published ones, and objects
        of the ground truth are as corrected. None for what the set has.
    resume
        Whether finished images may be skipped.
    token
        Cancels, also inside one call of the engine; what is finished stays.
    progress
        Called with the share of images that is done and a short text.

    Returns
    -------
    ClassifyReport
        Rows, failures and the comparison with published classes.

    Raises
    ------
    ModelError
        If the model cannot be used at all.
    ExportError
        If the results cannot be written, or would replace a file of the set.
    CellsetsError
        If objects are asked for and nothing labels any.
    CancelledError
        If the token was cancelled; the file holds what was finished.
    """
    table = Path(out_csv)
    refuse_originals(dataset, table.parent, [table.name])
    info = _ready(model)
    aliases = dataset.recipe.class_titles
    titles = tuple(info.title(name) for name in info.classes)
    found = dataset.classes if dataset.kind == "cells" else ()
    marked = None
    if objects or masks_dir is not None:
        masks = None if masks_dir is None else Path(masks_dir)
        marked = ObjectsOf(dataset, masks, project)
    run = _Run(
        images=Images(
            dataset,
            dataset.samples if samples is None else samples,
            image_names(dataset.samples),
        ),
        info=info,
        words=spoken(info.classes, titles, found, aliases),
        titles=titles,
        marked=marked,
        said={} if project is None else classes_said(dataset, project),
        token=token or CancelToken(),
        progress=progress or silent,
    )
    return run.into(table, resume=resume)


@dataclass(frozen=True)
class _Run:
    """One set on its way through one classifier."""

    images: Images
    info: ClassifierInfo
    words: tuple[str, ...]
    titles: tuple[str, ...]
    marked: ObjectsOf | None
    said: Mapping[str, str]
    token: CancelToken
    progress: Progress

    def into(self, out_csv: Path, *, resume: bool) -> ClassifyReport:
        kind = ClassRow if self.marked is None else ObjectRow
        filling: Filling[ClassRow] = Filling(
            self.images, out_csv, kind, self._made_with()
        )
        told = filling.begin(self.progress, resume=resume)
        if self.marked is not None and filling.last:
            # The run may have been stopped between two objects of the last image.
            del filling.rows[filling.last]
        if self.marked is None:
            self._say_truth(filling.rows)
        failed: list[Problem] = []
        classified = filling.fill(self._new_rows(filling.rows, failed))
        self.progress(1.0, "Classified")
        notes = [told] if told else []
        return self._report(filling.in_order(), failed, classified, notes)

    def _report(
        self,
        rows: list[ClassRow],
        failed: list[Problem],
        classified: int,
        notes: list[str],
    ) -> ClassifyReport:
        table = table_of(
            rows,
            self.words,
            self.titles,
            limit=self.info.distance_limit,
            unknown=self.info.unknown,
        )
        truth = [row.truth for row in rows]
        aliases = self.images.dataset.recipe.class_titles
        report = compare(table, truth, aliases) if any(truth) else None
        problems = self.images.problems(failed)
        published = self._published(rows) if self.said else truth
        corrected = sum(map(ne, truth, published))
        before = compare(table, published, aliases) if corrected else None
        return ClassifyReport(
            rows, problems, table, report, classified, notes, corrected, before
        )

    def _published(self, rows: list[ClassRow]) -> list[str | None]:
        if self.marked is not None:
            return [row.truth for row in rows]  # objects may be others by now
        dataset = self.images.dataset
        by = {self.images.names[s.name]: dataset.class_of(s) for s in dataset.samples}
        return [found.name if (found := by[row.image]) else None for row in rows]

    def _say_truth(self, rows: dict[str, list[ClassRow]]) -> None:
        """Tell in finished rows the classes as they are now."""
        for sample in self.images.samples:
            name = self.images.names[sample.name]
            if name in rows:
                truth = self._truth(sample)
                rows[name] = [replace(row, truth=truth) for row in rows[name]]

    def _waiting(self, rows: Mapping[str, object]) -> list[Sample]:
        return [s for s in self.images.samples if self.images.names[s.name] not in rows]

    def _new_rows(
        self, rows: Mapping[str, object], failed: list[Problem]
    ) -> Iterator[list[ClassRow]]:
        if self.marked is None:
            return self._cells(rows, failed)
        return self._objects(self.marked, rows, failed)

    def _cells(
        self, rows: Mapping[str, object], failed: list[Problem]
    ) -> Iterator[list[ClassRow]]:
        """Yield the rows of pictures of single cells, batch by batch."""
        waiting = self._waiting(rows)
        seen = len(self.images.samples) - len(waiting)
        pending: list[Sample] = []
        cells = self._good(waiting, pending, failed)
        for scores in score_batches(cells, self.info, token=self.token):
            batch, pending[: len(scores)] = pending[: len(scores)], []
            names = [self.images.names[sample.name] for sample in batch]
            table = ClassTable.of(names, scores, self.info).called(self.words)
            new = [
                ClassRow.of(table, i, names[i], self._truth(sample))
                for i, sample in enumerate(batch)
            ]
            seen += len(batch)
            self.progress(
                (seen + len(failed)) / len(self.images.samples), batch[-1].name
            )
            yield new

    def _good(
        self, waiting: list[Sample], pending: list[Sample], failed: list[Problem]
    ) -> Iterator[ReadyCell]:
        """Yield the cells that can be read; `pending` grows with their samples."""
        cores = max(1, physical_cores())
        found = done_ahead(
            self._prepared, waiting, self.token, workers=cores, ahead=2 * BATCH
        )
        for sample, cell in zip(waiting, found, strict=True):
            if isinstance(cell, Problem):
                failed.append(cell)
                continue
            pending.append(sample)
            yield cell

    def _prepared(self, sample: Sample) -> ReadyCell | Problem:
        try:
            picture = self.images.dataset.read_picture(sample)
            return prepare_cell(cell_pixels(picture), self.info)
        except CellsetsError as error:
            return Problem(sample.name, str(error))

    def _truth(self, sample: Sample) -> str | None:
        found = self.images.dataset.class_of(sample)
        return self.said.get(sample.name) or (found.name if found else None)

    def _objects(
        self, marked: ObjectsOf, rows: Mapping[str, object], failed: list[Problem]
    ) -> Iterator[list[ClassRow]]:
        """Yield the rows of the objects of one image after the other."""
        waiting = self._waiting(rows)
        before = len(self.images.samples) - len(waiting)
        found = done_ahead(marked.read, waiting, self.token, workers=1, ahead=1)
        pairs = zip(waiting, found, strict=True)
        for done, (sample, picture) in enumerate(pairs, before):
            self.progress(done / len(self.images.samples), sample.name)
            if isinstance(picture, Problem):
                failed.append(picture)
                continue
            try:
                yield self._objects_of(self.images.names[sample.name], picture)
            except (CancelledError, ModelError):
                raise
            except CellsetsError as error:
                failed.append(Problem(sample.name, str(error)))

    def _objects_of(self, image: str, marked: MarkedPicture) -> list[ClassRow]:
        crops = crop_objects(marked.pixels, marked.labels, self.info)
        scores = score_cells(crops.pixels, self.info, token=self.token)
        names = [str(label) for label in crops.labels]
        table = ClassTable.of(names, scores, self.info).called(self.words)
        return [
            ObjectRow.of(
                table,
                i,
                image,
                marked.class_of(int(label)),
                label=int(label),
                y=round(float(crops.centres_yx[i, 0]), 2),
                x=round(float(crops.centres_yx[i, 1]), 2),
            )
            for i, label in enumerate(crops.labels)
        ]

    def _made_with(self) -> dict[str, object]:
        return {
            "model": model_hash(self.info.path),
            "reading of the model": self.info.model_dump(mode="json"),
            "names of classes": self.words,
            "choice of objects": None if self.marked is None else self.marked.source,
        }


def _ready(model: Path | str | ClassifierInfo | None) -> ClassifierInfo:
    """Read the model once; what it does not say is asked before the first image."""
    info = model
    if not isinstance(info, ClassifierInfo):
        info = read_classifier_info(info if info is not None else default_classifier())
    if info.missing:
        raise ModelError(
            f"the model does not say its {', '.join(info.missing)}",
            path=info.path,
            advice="Tell them: ClassifierInfo.replace, or --model-says NAME=VALUE.",
        )
    return info
