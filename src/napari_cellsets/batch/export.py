"""Results as files: masks in the set's own form, TIFF or PNG, and tables as CSV."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from napari_cellsets.batch.places import mask_names, refuse_originals
from napari_cellsets.batch.resume import write_rows
from napari_cellsets.batch.rows import CountRow
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, CellsetsError, ExportError
from napari_cellsets.formats.atomic import atomic_output
from napari_cellsets.formats.files import Problem
from napari_cellsets.formats.labels_io import write_label_png, write_label_tiff

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.counting.measure import ObjectTable
    from napari_cellsets.store import Project

    LabelsOf: TypeAlias = Callable[[Sample], np.ndarray | None]

MaskForm: TypeAlias = Literal["own", "tiff", "png"]
FORMS: tuple[MaskForm, ...] = ("own", "tiff", "png")


@dataclass(frozen=True)
class ExportReport:
    """What an export has written.

    Parameters
    ----------
    written
        Files, in the order of the samples.
    skipped
        Names of samples without labels.
    failed
        Samples that could not be written in this form, and why.
    """

    written: list[Path] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: list[Problem] = field(default_factory=list)


def export_masks(
    dataset: Dataset,
    labels_of: LabelsOf,
    out_root: Path | str,
    form: MaskForm = "own",
    *,
    samples: Sequence[Sample] | None = None,
    token: CancelToken | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> ExportReport:
    """Write the label images of a set, or of chosen samples.

    Parameters
    ----------
    dataset
        The set that the labels belong to; its own files are never written.
    labels_of
        Returns the labels of a sample, integers (y, x) or (z, y, x); None where
        there are none. See `labels_from_store`.
    out_root
        Folder to write to.
    form
        ``own``: as the set's own truth is stored, under the same relative names;
        ``tiff`` or ``png``: labels as numbers, named as the images.
    samples
        All by default.
    token
        Cancels between samples; what is written is whole.
    progress
        Called with the share that is done and the name of the sample.

    Returns
    -------
    ExportReport
        Files written, samples skipped, samples that failed.

    Raises
    ------
    ExportError
        If the form is unknown, the folder cannot be written, the disk is full, or
        a file of the data set itself would be overwritten.
    CancelledError
        If the token was cancelled.
    """
    root = Path(out_root)
    chosen = dataset.samples if samples is None else samples
    write = _writer(dataset, root, form, chosen)
    token = token or CancelToken()
    report = ExportReport()
    for i, sample in enumerate(chosen):
        token.raise_if_cancelled()
        if progress is not None:
            progress(i / len(chosen), sample.name)
        _export_one(sample, labels_of, write, report)
    if progress is not None:
        progress(1.0, "Exported")
    return report


def _export_one(
    sample: Sample,
    labels_of: LabelsOf,
    write: Callable[[Sample, np.ndarray], list[Path]],
    report: ExportReport,
) -> None:
    try:
        labels = labels_of(sample)
        if labels is None:
            report.skipped.append(sample.name)
        else:
            report.written.extend(write(sample, labels))
    except CancelledError:
        raise
    except CellsetsError as error:
        if isinstance(error, ExportError) and isinstance(error.__cause__, OSError):
            raise  # the disk is full or read-only: no other sample would do
        report.failed.append(Problem(sample.name, str(error)))


def _writer(
    dataset: Dataset, root: Path, form: MaskForm, chosen: Sequence[Sample]
) -> Callable[[Sample, np.ndarray], list[Path]]:
    if form not in FORMS:
        raise ExportError(f"a form is one of {FORMS}, found {form!r}")
    if form == "own":
        own = [name for sample in chosen for name in sample.annotations]
        refuse_originals(dataset, root, own)
        return lambda sample, labels: dataset.write_labels(sample, labels, root)
    suffix, save = {
        "tiff": (".tif", write_label_tiff),
        "png": (".png", write_label_png),
    }[form]
    names = mask_names(dataset.samples, suffix)
    refuse_originals(dataset, root, [names[sample.name] for sample in chosen])
    return lambda sample, labels: [save(root / names[sample.name], labels)]


def labels_from_store(
    dataset: Dataset,
    project: Project,
    otherwise: LabelsOf | None = None,
    *,
    corrected_only: bool = True,
) -> LabelsOf:
    """Return a source of labels for `export_masks`: the store's, else another's.

    Parameters
    ----------
    dataset
        The set.
    project
        Where corrections are kept.
    otherwise
        Asked for samples of which the store has nothing that is wanted: a
        prediction. None leaves them out.
    corrected_only
        Whether labels in the store that nobody edited are passed over for
        `otherwise`.
    """
    edited = project.edited_samples(dataset.identity, "cells")

    def labels_of(sample: Sample) -> np.ndarray | None:
        if sample.name in edited or not corrected_only:
            stored = project.load_labels(dataset.identity, sample.name, "cells")
            if stored is not None:
                return stored.labels
        return otherwise(sample) if otherwise is not None else None

    return labels_of


def write_counts_csv(rows: Iterable[CountRow], path: Path | str) -> Path:
    """Write a table of counts: UTF-8, a header, one row an image.

    Parameters
    ----------
    rows
        As of `BatchReport`.
    path
        The file.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    ExportError
        If it cannot be written; an older file stays as it was.
    """
    write_rows(Path(path), CountRow, rows)
    return Path(path)


def write_objects_csv(
    tables: Iterable[tuple[str, ObjectTable]], path: Path | str
) -> Path:
    """Write a table of objects: UTF-8, a header, one row an object.

    Columns are named with their units: ``area_px`` (px²), ``centroid_y`` and
    ``centroid_x`` (px, pixel centres at integers), ``..._um`` in micrometres,
    ``confidence`` 0..1, empty for cells drawn by hand; ``class`` and other columns of
    text. A column that an image does not have stays empty in its rows.

    Parameters
    ----------
    tables
        Name of the image and its objects, as `measure` returns them.
    path
        The file.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    ExportError
        If it cannot be written; an older file stays as it was.
    """
    kept = list(tables)
    columns = list(dict.fromkeys(name for _, table in kept for name in table.columns))
    with atomic_output(path) as aside:
        with aside.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["image", *columns])
            for image, table in kept:
                writer.writerows(_object_rows(image, table, columns))
    return Path(path)


def _object_rows(
    image: str, table: ObjectTable, columns: list[str]
) -> Iterable[list[str]]:
    empty = [""] * len(table)
    texts = [
        [_number(value) for value in table.columns[name].tolist()]
        if name in table.columns
        else empty
        for name in columns
    ]
    return ([image, *row] for row in zip(*texts, strict=True))


def _number(value: float | str) -> str:
    if isinstance(value, (int, str)):
        return str(value)
    return "" if math.isnan(value) else f"{value:.6g}"
