"""``convert``: what is marked in a data set, written in another form."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellsets.cli.console import EXIT_PROBLEM, bar, say, some, tell
from napari_cellsets.cli.options import chosen_samples, in_split, opened
from napari_cellsets.formats.containers.base import FORMS

OWN = "own"

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from napari_cellsets.batch import ConvertReport
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.formats.files import Problem

_MOST_TOLD = 20


def add_convert(commands: Any) -> None:
    """Add ``convert`` to the commands."""
    command = commands.add_parser(
        "convert",
        help="write the annotations of a data set in another form",
        description="Write what is marked in a data set as COCO, YOLO, labelme or "
        "another known form. What the form cannot hold is told and left out. Run the "
        "same command again to go on where it was stopped.",
    )
    add = command.add_argument
    add("path", type=Path, metavar="PATH", help="folder, archive or image")
    add(
        "--to",
        required=True,
        choices=(*FORMS, OWN),
        metavar="FORM",
        help=f"one of {', '.join(FORMS)}; {OWN} for the corrections as files of the "
        "data set's own kind",
    )
    add("out", type=Path, metavar="OUT", help="folder to write to")
    add("--images", action="store_true", help="write the images too")
    add(
        "--lossy",
        action="store_true",
        help="allow what the form cannot hold (overlap, holes, outlines) to be lost",
    )
    add(
        "--annotation",
        metavar="NAME",
        default="",
        help="write only this one of several annotations of each image, such as "
        "'outlines' or 'class mask'; 'all' for all of them. By default every object "
        "once: where several mark the same ones, that which was corrected last, else "
        "that which counts",
    )
    _add_source(add)
    add("--row", metavar="KEY", help="read PATH as this data set")
    add("--split", metavar="NAME", help="only the images of this split")
    command.set_defaults(run=_convert)


def _add_source(add: Callable[..., object]) -> None:
    """Add what tells whose annotations are written."""
    add("--corrected", action="store_true", help="with what people have corrected")
    add(
        "--cells",
        action="store_true",
        help="write counted and corrected cells, not what the set has",
    )
    add(
        "--store",
        metavar="PLACE",
        help="project store with the corrections; by default that of this account",
    )


def _convert(options: argparse.Namespace, token: CancelToken) -> int:
    from napari_cellsets.batch import convert_dataset

    dataset = opened(options)
    samples = in_split(
        dataset, chosen_samples(dataset, options.path), options.split or ""
    )
    if options.to == OWN:
        return _own(options, dataset, samples, token)
    with bar(len(samples), "image") as progress, _source(options, dataset) as source:
        report = convert_dataset(
            dataset,
            options.to,
            options.out,
            samples=samples,
            with_images=options.images,
            lossy=options.lossy,
            annotation=options.annotation,
            annotations_of=source,
            token=token,
            progress=progress,
        )
    _tell_all("left out", report.failed)
    _tell_all("incomplete", report.problems)
    for name, taken in report.left.items():
        tell(
            f"not written: {name}, which marks the same as {taken};"
            f" --annotation {name!r} takes it instead, --annotation all both"
        )
    _tell_of_changed_pictures(options, dataset, samples, token)
    say(_summary_line(report, options.out))
    return EXIT_PROBLEM if report.failed or report.problems else 0


def _own(
    options: argparse.Namespace,
    dataset: Dataset,
    samples: Sequence[Sample],
    token: CancelToken,
) -> int:
    """Write corrections into files as the data set has them."""
    from napari_cellsets.batch.changed_pictures import told_of_changed_pictures
    from napari_cellsets.batch.own_form import export_corrections
    from napari_cellsets.store import Project

    with (
        Project.open(options.store) as project,
        bar(len(samples), "image") as progress,
    ):
        report = export_corrections(
            dataset,
            project,
            options.out,
            samples=samples,
            token=token,
            progress=progress,
        )
        changed = told_of_changed_pictures(dataset, project, samples, token)
    _tell_all("left out", report.failed)
    for said in changed:
        tell(said)
    say(f"{some(len(report.written), 'file')} -> {options.out}")
    return EXIT_PROBLEM if report.failed else 0


@contextmanager
def _source(
    options: argparse.Namespace, dataset: Dataset
) -> Iterator[Callable[[Sample], Sequence[Annotation]] | None]:
    """Give what is marked in a sample as corrected; None for what the set has."""
    if not _asks_the_store(options):
        yield None
        return
    from napari_cellsets.batch.known_classes import cells_of
    from napari_cellsets.batch.once import Once
    from napari_cellsets.store import Project

    with Project.open(options.store) as project:
        if options.cells:
            yield partial(cells_of, dataset, project)
        else:
            yield Once(dataset, project, options.annotation)


def _tell_of_changed_pictures(
    options: argparse.Namespace,
    dataset: Dataset,
    samples: Sequence[Sample],
    token: CancelToken,
) -> None:
    """Say which pictures are not those that people worked on."""
    if not _asks_the_store(options):
        return
    from napari_cellsets.batch.changed_pictures import told_of_changed_pictures
    from napari_cellsets.store import Project

    with Project.open(options.store) as project:
        for said in told_of_changed_pictures(
            dataset, project, samples, token, cells=options.cells
        ):
            tell(said)


def _asks_the_store(options: argparse.Namespace) -> bool:
    return bool(options.corrected or options.cells or options.store)


def _tell_all(what: str, problems: list[Problem]) -> None:
    for problem in problems[:_MOST_TOLD]:
        tell(f"{what} {problem.name}: {problem.message}")
    if len(problems) > _MOST_TOLD:
        tell(f"{what}: {len(problems) - _MOST_TOLD:,} more")


def _summary_line(report: ConvertReport, out: Path) -> str:
    parts = [some(report.converted, "image")]
    if report.resumed:
        parts.append(f"{report.resumed} written before")
    if report.failed:
        parts.append(f"{len(report.failed)} left out")
    if report.problems:
        parts.append(some(len(report.problems), "problem"))
    return f"{'; '.join(parts)} -> {out}"
