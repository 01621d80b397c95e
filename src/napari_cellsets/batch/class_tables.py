"""The comparison of classes with truth, as tables for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellsets.batch.resume import as_csv
from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.atomic import atomic_output

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_cellsets.classify.report import ClassReport

CONFUSION, PER_CLASS, CALIBRATION = "confusion.csv", "per_class.csv", "calibration.csv"


def write_report(report: ClassReport, folder: Path | str) -> list[Path]:
    """Write ``confusion.csv``, ``per_class.csv`` and ``calibration.csv``.

    Parameters
    ----------
    report
        From `compare`.
    folder
        Made where it is missing. Files of these names are replaced.

    Returns
    -------
    list of Path
        The files written. Shares have six decimals; they are empty where there is
        nothing to divide.

    Raises
    ------
    ExportError
        If they cannot be written.
    """
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(
            f"the folder cannot be made: {error.strerror or error}",
            path=place,
            advice="Choose another folder.",
        ) from error
    tables = {
        CONFUSION: confusion_lines(report),
        PER_CLASS: class_lines(report),
        CALIBRATION: calibration_lines(report),
    }
    for name, lines in tables.items():
        with atomic_output(place / name) as aside:
            aside.write_bytes(as_csv(lines).encode())
    return [place / name for name in tables]


def confusion_lines(report: ClassReport) -> Iterable[Sequence[str]]:
    """Yield a head and one line a published class: cells by what they were named."""
    yield ["truth", *report.columns]
    for name, row in zip(report.rows, report.confusion, strict=True):
        yield [name, *(str(int(number)) for number in row)]


def class_lines(report: ClassReport) -> Iterable[Sequence[str]]:
    """Yield a head, one line a class of the model, and one for all cells.

    The last line holds the accuracy as recall.
    """
    yield [
        "class",
        "title",
        "support",
        "predicted",
        "hits",
        "precision",
        "precision_low",
        "precision_high",
        "recall",
        "recall_low",
        "recall_high",
        "f1",
    ]
    for score in report.classes:
        yield [
            score.name,
            score.title,
            str(score.support),
            str(score.predicted),
            str(score.hits),
            _share(score.precision),
            *_ends(score.precision, score.precision_interval),
            _share(score.recall),
            *_ends(score.recall, score.recall_interval),
            _share(score.f1),
        ]
    accuracy = report.accuracy
    ends = _ends(accuracy, report.accuracy_interval)
    judged, right = str(report.judged), str(report.right)
    yield ["", "all", judged, "", right, "", "", "", _share(accuracy), *ends, ""]


def calibration_lines(report: ClassReport) -> Iterable[Sequence[str]]:
    """Yield a head and one line a bin of confidence."""
    yield ["from", "to", "cells", "confidence", "accuracy", "low", "high"]
    told = report.calibration
    for i in range(len(told)):
        yield [
            _share(told.edges[i]),
            _share(told.edges[i + 1]),
            str(int(told.count[i])),
            _share(told.confidence[i]),
            _share(told.accuracy[i]),
            *_ends(told.accuracy[i], told.interval(i)),
        ]


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"


def _ends(value: float | None, interval: tuple[float, float]) -> list[str]:
    return ["", ""] if value is None else [_share(end) for end in interval]
