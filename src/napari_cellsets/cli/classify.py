"""``classify``: the class of every cell into a CSV file."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellsets.cli.console import EXIT_PROBLEM, bar, say, some, tell
from napari_cellsets.cli.engines import add_engine, choose_engine
from napari_cellsets.cli.options import chosen_samples, fact, opened

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from napari_cellsets.batch import ClassifyReport
    from napari_cellsets.classify import ClassReport
    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.inference import ClassifierInfo
    from napari_cellsets.store import Project


def add_classify(commands: Any) -> None:
    """Add ``classify`` to the commands."""
    command = commands.add_parser(
        "classify",
        help="name the class of every cell into a CSV file",
        description="Name the class of every cell of a data set. Each picture is one "
        "cell; with --objects or --masks each labelled object of each picture is one. "
        "Compared with the published classes where there are any. Run the same "
        "command again to go on where it was stopped.",
    )
    add = command.add_argument
    add("path", type=Path, metavar="PATH", help="folder, archive or image")
    add("--out", type=Path, required=True, metavar="CSV", help="table to write")
    add("--model", type=Path, metavar="ONNX", help="the shipped classifier by default")
    add(
        "--model-says",
        action="append",
        type=fact,
        default=[],
        metavar="NAME=VALUE",
        help="what a foreign model does not tell of itself, such as "
        'classes=["a","b"]; may be repeated',
    )
    add("--row", metavar="KEY", help="read PATH as this data set (see 'datasets')")
    add("--objects", action="store_true", help="classify the objects of ground truth")
    add("--masks", type=Path, metavar="DIR", help="classify the objects labelled here")
    add("--report", type=Path, metavar="DIR", help="write how it compares with truth")
    add(
        "--corrected",
        action="store_true",
        help="compare with the classes that people corrected; with --objects take the "
        "ground truth as corrected, too",
    )
    add(
        "--store",
        metavar="PLACE",
        help="project store with the corrections; by default that of this account",
    )
    add("--no-resume", action="store_true", help="classify finished images again")
    add_engine(command)
    command.set_defaults(run=_classify)


def _classify(options: argparse.Namespace, token: CancelToken) -> int:
    from napari_cellsets.batch import classify_dataset

    choose_engine(options)
    model = _model(options)
    dataset = opened(options)
    samples = chosen_samples(dataset, options.path)
    objects = options.objects or options.masks is not None
    if not objects and dataset.kind == "fields" and samples[0].annotations:
        tell("whole pictures are classified; --objects takes the cells in them")
    with _project(options) as project, bar(len(samples), "image") as progress:
        report = classify_dataset(
            dataset,
            options.out,
            model=model,
            samples=samples,
            objects=objects,
            masks_dir=options.masks,
            project=project,
            resume=not options.no_resume,
            token=token,
            progress=progress,
        )
    for note in report.notes:
        tell(note)
    for problem in report.failed:
        tell(f"skipped {problem.name}: {problem.message}")
    _write_report(report.report, options.report)
    say(_summary_line(report, options.out))
    return EXIT_PROBLEM if report.failed else 0


@contextmanager
def _project(options: argparse.Namespace) -> Iterator[Project | None]:
    """Open the store where corrections are asked for."""
    if not (options.corrected or options.store):
        yield None
        return
    from napari_cellsets.store import Project

    with Project.open(options.store) as project:
        yield project


def _model(options: argparse.Namespace) -> ClassifierInfo:
    from napari_cellsets.inference import default_classifier, read_classifier_info

    info = read_classifier_info(options.model or default_classifier())
    return info.replace(**dict(options.model_says)) if options.model_says else info


def _write_report(report: ClassReport | None, folder: Path | None) -> None:
    from napari_cellsets.batch.class_tables import write_report

    if folder is None:
        return
    if report is None:
        tell("no report: no cell has a published class")
        return
    write_report(report, folder)


def _summary_line(report: ClassifyReport, out: Path) -> str:
    parts = [some(len(report.rows), "cell")]
    found = report.report
    if found is not None and found.accuracy is not None:
        low, high = found.accuracy_interval
        parts.append(
            f"{found.judged} with truth: accuracy {found.accuracy:.3f}"
            f" ({low:.3f} to {high:.3f})"
        )
        before = report.published
        if before is not None and before.accuracy is not None:
            parts.append(
                f"{report.corrected} of them as people corrected, with the published "
                f"classes accuracy {before.accuracy:.3f}"
            )
        if found.worst is not None:
            recall = found.worst.recall or 0.0
            parts.append(f"worst class recall {recall:.3f} ({found.worst.title})")
    else:
        counts = report.table.counts()
        parts += [
            f"{counts[name]} {name}" for name in report.table.classes if counts[name]
        ]
    unknown = int((~report.table.known).sum())
    parts.append(f"{some(unknown, 'cell')} not known")
    if report.failed:
        parts.append(some(len(report.failed), "problem"))
    return "; ".join(parts) + f" -> {out}"
