"""``train``: a model of one's own from a catalogued set or corrected labels."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellsets.cli.console import EXIT_STOPPED, bar, say, tell
from napari_cellsets.cli.options import channel, one_or_more, whole

if TYPE_CHECKING:
    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.training.request import TrainingResult

_FIGURES = ("f1", "f1_iou50", "count_mae", "accuracy", "worst recall")


def add_train(commands: Any) -> None:
    """Add ``train`` to the commands."""
    command = commands.add_parser(
        "train",
        help="train a model of your own on a data set or on corrected labels",
        description="Train a segmenter or a classifier and export it as ONNX with its "
        "card. Ctrl+C stops and keeps the best so far; the same command goes on. Needs "
        "the extra: pip install 'napari-cellsets[train]'.",
    )
    add = command.add_argument
    add("kind", choices=("segmenter", "classifier"))
    add("path", type=Path, metavar="PATH", help="folder or archive to learn from")
    add(
        "--from",
        dest="start",
        type=start,
        default="shipped",
        metavar="shipped|scratch|FILE",
        help="weights to begin with (default: the shipped model's)",
    )
    add("--out", type=Path, metavar="DIR", help="folder of the run and the model")
    add("--minutes", type=minutes, metavar="N", help="how long to learn (default 10)")
    add("--steps", type=one_or_more, metavar="N", help="batches; repeats exactly")
    add("--seed", type=whole, default=0, help="of everything drawn (default 0)")
    add(
        "--architecture",
        choices=("cresunet", "compact", "densenet121"),
        help="the network: cresunet segments, the others classify",
    )
    add(
        "--corrected",
        action="store_true",
        help="learn from the cells that you corrected, not from ground truth; a "
        "classifier from all cells, with the classes that you gave them",
    )
    add("--name", default="", help="what the model is called")
    add("--row", metavar="KEY", help="read PATH as this data set (see 'datasets')")
    add("--channel", type=channel, default="rgb", metavar="rgb|N")
    command.set_defaults(run=_train)


def start(text: str) -> str | Path:
    """``shipped``, ``scratch`` or a file that is there."""
    if text in ("shipped", "scratch"):
        return text
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(
            f"'shipped', 'scratch' or an ONNX file was expected: {text!r}"
        )
    return Path(text)


def minutes(text: str) -> float:
    """A number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"minutes above 0 were expected: {text!r}")
    return value


def _train(options: argparse.Namespace, token: CancelToken) -> int:
    from napari_cellsets.training.api import check_installed, train
    from napari_cellsets.training.request import TrainingRequest

    check_installed()
    request = TrainingRequest(
        kind=options.kind,
        dataset=options.path,
        row=options.row,
        out=options.out,
        start=options.start,
        minutes=options.minutes,
        steps=options.steps,
        seed=options.seed,
        architecture=options.architecture,
        corrected=options.corrected,
        channel=options.channel,
        name=options.name,
    )
    with bar(100, "%") as progress:
        result = train(request, token=token, progress=progress)
    for sentence in result.report.get("split", ()):
        tell(sentence)
    say(f"{_summary(result)} -> {result.model}")
    return EXIT_STOPPED if result.stopped else 0


def _summary(result: TrainingResult) -> str:
    if not result.metrics:
        return "trained; nothing was held out to measure it on"
    before = result.report["metrics"].get("before", {})
    parts = []
    for name in _FIGURES:
        after = result.metrics.get(name)
        if after is not None:
            was = before.get(name)
            change = f"{was:.3f} to " if was is not None else ""
            parts.append(f"{name} {change}{after:.3f}")
    return "held out: " + ", ".join(parts)
