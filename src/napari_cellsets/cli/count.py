"""``count``: the cells of every image into a CSV file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellsets.cli.console import EXIT_PROBLEM, bar, say, some, tell
from napari_cellsets.cli.engines import add_engine, choose_engine
from napari_cellsets.cli.options import (
    channel,
    chosen_samples,
    fact,
    opened,
    share,
    whole,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from napari_cellsets.batch import BatchReport
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.counting import CountSettings
    from napari_cellsets.inference import ModelInfo

AUTO = "auto"


def add_count(commands: Any) -> None:
    """Add ``count`` to the commands."""
    command = commands.add_parser(
        "count",
        help="count the cells of every image into a CSV file",
        description="Count the cells of every image of a data set. One row an image; "
        "compared with ground truth where there is any. Run the same command again "
        "to go on where it was stopped.",
    )
    add = command.add_argument
    add("path", type=Path, metavar="PATH", help="folder, archive or image")
    add("--out", type=Path, required=True, metavar="CSV", help="table to write")
    add("--masks", type=Path, metavar="DIR", help="write 16-bit label images here")
    add(
        "--model",
        default=AUTO,
        metavar="ONNX",
        help="a model file; auto, the default, takes the shipped one that suits",
    )
    add(
        "--model-says",
        action="append",
        type=fact,
        default=[],
        metavar="NAME=VALUE",
        help="what a foreign model does not tell of itself, such as "
        "output_kind=logit; may be repeated",
    )
    add("--row", metavar="KEY", help="read PATH as this data set (see 'datasets')")
    add("--channel", type=channel, default="rgb", metavar="rgb|N")
    add("--threshold", type=share, metavar="T", help="least probability, 0 to 1")
    add("--least-peak", type=share, metavar="P", help="the same of its surest pixel")
    add("--min-area", type=whole, metavar="N", help="smallest cell in px²")
    add("--no-split", action="store_true", help="leave touching cells together")
    add("--no-resume", action="store_true", help="count finished images again")
    add_engine(command)
    command.set_defaults(run=_count)


def _count(options: argparse.Namespace, token: CancelToken) -> int:
    from napari_cellsets.batch import count_dataset

    choose_engine(options)
    dataset = opened(options)
    samples = chosen_samples(dataset, options.path)
    model, settings, told = _model_and_settings(options, dataset, samples)
    with bar(len(samples), "image") as progress:
        report = count_dataset(
            dataset,
            options.out,
            model=model,
            settings=settings,
            masks_dir=options.masks,
            channel=options.channel,
            samples=samples,
            resume=not options.no_resume,
            token=token,
            progress=progress,
        )
    for note in [told, *report.notes] if told else report.notes:
        tell(note)
    for problem in report.failed:
        tell(f"skipped {problem.name}: {problem.message}")
    say(_summary_line(report, options.out))
    return EXIT_PROBLEM if report.failed else 0


def _summary_line(report: BatchReport, out: Path) -> str:
    cells = sum(row.count for row in report.rows)
    parts = [f"{some(len(report.rows), 'image')}, {some(cells, 'cell')}"]
    if report.summary is not None:
        f1, mae = report.summary.f1 or 0.0, report.summary.mae
        parts.append(f"{report.summary.images} with truth: F1 {f1:.3f}, MAE {mae:.2f}")
    if report.failed:
        parts.append(some(len(report.failed), "problem"))
    return "; ".join(parts) + f" -> {out}"


def _model_and_settings(
    options: argparse.Namespace, dataset: Dataset, samples: Sequence[Sample]
) -> tuple[ModelInfo, CountSettings, str]:
    from napari_cellsets.batch import model_for
    from napari_cellsets.counting import CountSettings
    from napari_cellsets.inference import read_model_info

    says = dict(options.model_says)
    model = options.model
    if says and model != AUTO:
        model = read_model_info(model).replace(**says)
    info, told = model_for(dataset, model, channel=options.channel, samples=samples)
    info = info.replace(**says) if says and model == AUTO else info
    asked = {
        "threshold": options.threshold,
        "least_peak": options.least_peak,
        "min_area_px": options.min_area,
        "split_touching": False if options.no_split else None,
    }
    chosen = {name: value for name, value in asked.items() if value is not None}
    return info, CountSettings.for_model(info).model_copy(update=chosen), told
