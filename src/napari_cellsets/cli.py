"""The command line: count, datasets, info, simulate."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellsets import __version__
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, CellsetsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari_cellsets.batch import BatchReport
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.counting import CountSettings
    from napari_cellsets.inference import ModelInfo

    Progress = Callable[[float, str], None]

EXIT_PROBLEM, EXIT_USAGE, EXIT_STOPPED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code.

    0: done; 1: something could not be read, counted or written; 2: the command was
    not understood; 130: stopped by Ctrl+C.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        with _stopped_by_ctrl_c() as token:
            return int(options.run(options, token))
    except CancelledError as error:
        _tell(str(error))
        return EXIT_STOPPED
    except CellsetsError as error:
        _tell(str(error))
        return EXIT_PROBLEM
    except BrokenPipeError:
        # The reader of our output has gone (`... | head`): say no more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PROBLEM


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="napari-cellsets",
        description="Open published cell data sets, count cells, check against truth.",
    )
    parser.add_argument(
        "--version", action="version", version=f"napari-cellsets {__version__}"
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_count(commands)
    _add_datasets(commands)
    _add_info(commands)
    _add_simulate(commands)
    return parser


def _add_count(commands: Any) -> None:
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
    add("--model", type=Path, metavar="ONNX", help="the shipped model by default")
    add(
        "--model-says",
        action="append",
        type=_fact,
        default=[],
        metavar="NAME=VALUE",
        help="what a foreign model does not tell of itself, such as "
        "output_kind=logit; may be repeated",
    )
    add("--row", metavar="KEY", help="read PATH as this data set (see 'datasets')")
    add("--channel", type=_channel, default="rgb", metavar="rgb|N")
    add("--threshold", type=_share, metavar="T", help="least probability, 0 to 1")
    add("--min-area", type=_whole, metavar="N", help="smallest cell in px²")
    add("--no-split", action="store_true", help="leave touching cells together")
    add("--no-resume", action="store_true", help="count finished images again")
    command.set_defaults(run=_count)


def _add_datasets(commands: Any) -> None:
    command = commands.add_parser("datasets", help="list the data sets that are known")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_datasets)


def _add_info(commands: Any) -> None:
    command = commands.add_parser(
        "info", help="tell what a folder or archive is, and how complete"
    )
    command.add_argument("path", type=Path, metavar="PATH")
    command.add_argument("--row", metavar="KEY", help="read PATH as this data set")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_info)


def _add_simulate(commands: Any) -> None:
    command = commands.add_parser(
        "simulate",
        help="write a small simulated data set with ground truth",
        description="Write fields of fluorescent neurons that nobody photographed, "
        "with exact truth, to try everything without a download.",
    )
    add = command.add_argument
    add("out", type=Path, metavar="OUT", help="folder to write to")
    add("--n", type=_one_or_more, default=4, help="pictures (default 4)")
    add("--seed", type=_whole, default=0, help="of the first picture (default 0)")
    add("--size", type=_size, default=(1200, 1600), metavar="WIDTHxHEIGHT")
    add(
        "--layout",
        choices=("simulated", "fnc1", "plain"),
        default="simulated",
        help="tree of files; fnc1 is that of Fluorescent Neuronal Cells v1",
    )
    command.set_defaults(run=_simulate)


def _count(options: argparse.Namespace, token: CancelToken) -> int:
    from napari_cellsets.batch import count_dataset

    model, settings = _model_and_settings(options)
    dataset = _opened(options)
    samples = _samples(dataset, options.path)
    with _bar(len(samples), "image") as progress:
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
    for note in report.notes:
        _tell(note)
    for problem in report.failed:
        _tell(f"skipped {problem.name}: {problem.message}")
    _say(_summary_line(report, options.out))
    return EXIT_PROBLEM if report.failed else 0


def _summary_line(report: BatchReport, out: Path) -> str:
    cells = sum(row.count for row in report.rows)
    parts = [f"{_some(len(report.rows), 'image')}, {_some(cells, 'cell')}"]
    if report.summary is not None:
        f1, mae = report.summary.f1 or 0.0, report.summary.mae
        parts.append(f"{report.summary.images} with truth: F1 {f1:.3f}, MAE {mae:.2f}")
    if report.failed:
        parts.append(_some(len(report.failed), "problem"))
    return "; ".join(parts) + f" -> {out}"


def _model_and_settings(
    options: argparse.Namespace,
) -> tuple[ModelInfo, CountSettings]:
    from napari_cellsets.counting import CountSettings
    from napari_cellsets.inference import default_model, read_model_info

    info = read_model_info(options.model or default_model())
    if options.model_says:
        info = info.replace(**dict(options.model_says))
    asked = {
        "threshold": options.threshold,
        "min_area_px": options.min_area,
        "split_touching": False if options.no_split else None,
    }
    chosen = {name: value for name, value in asked.items() if value is not None}
    return info, CountSettings.for_model(info).model_copy(update=chosen)


def _samples(dataset: Dataset, path: Path) -> Sequence[Sample]:
    """Return all samples; one alone where the path names one picture."""
    found = dataset.find(path.absolute()) if path.is_file() else None
    return dataset.samples if found is None else [dataset.samples[found]]


def _opened(options: argparse.Namespace) -> Dataset:
    from napari_cellsets.catalogue import open_dataset

    return open_dataset(options.path, row=options.row)


def _datasets(options: argparse.Namespace, _token: CancelToken) -> int:
    from napari_cellsets.catalogue import list_datasets

    recipes = list_datasets()
    if options.json:
        shown = {"key", "title", "about", "licence", "licence_url", "doi", "citation"}
        shown |= {"classes", "pixel_size_um", "expect"}
        rows = [recipe.model_dump(mode="json", include=shown) for recipe in recipes]
        _say(json.dumps(rows, indent=1, ensure_ascii=False))
        return 0
    width = max((len(recipe.key) for recipe in recipes), default=0)
    for recipe in recipes:
        number = recipe.expect.samples
        size = f", {number:,} images" if number else ""
        licence = f" ({recipe.licence})" if recipe.licence else ""
        _say(f"{recipe.key:{width}}  {recipe.title}{size}{licence}")
    return 0


def _info(options: argparse.Namespace, token: CancelToken) -> int:
    from napari_cellsets.catalogue import dataset_info

    dataset = _opened(options)
    with _bar(len(dataset.samples), "image") as progress:
        info = dataset_info(dataset, token, progress)
    if options.json:
        _say(json.dumps(info, ensure_ascii=False))
        return 0
    _say(f"{info['title']} ({info['dataset']})")
    _say(dataset.completeness.text)
    _say(f"{info['samples']} samples, {info['annotated']} with ground truth")
    for name, number in info["classes"].items():
        _say(f"  {name}: {number:,}")
    for name, number in info["splits"].items():
        _say(f"  split {name}: {number:,}")
    for note in dataset.completeness.notes:
        _say(f"  {note}")
    for problem in info["problems"]:
        _say(f"  problem: {problem}")
    return 0


def _simulate(options: argparse.Namespace, token: CancelToken) -> int:
    from napari_cellsets.batch.simulated import write_simulated_set

    with _bar(options.n, "image") as progress:
        counts = write_simulated_set(
            options.out,
            options.n,
            options.seed,
            layout=options.layout,
            shape=options.size,
            token=token,
            progress=progress,
        )
    cells = sum(counts.values())
    _say(f"{_some(len(counts), 'image')}, {_some(cells, 'cell')} -> {options.out}")
    return 0


@contextmanager
def _stopped_by_ctrl_c() -> Iterator[CancelToken]:
    """Yield a token that Ctrl+C cancels at once, also inside one engine call.

    A signal handler written in Python waits until the engine comes back. The
    interpreter's wake-up descriptor does not: it is written by the operating
    system's handler, and a thread that does nothing else reads it. A second
    Ctrl+C ends the program.
    """
    token = CancelToken()
    if threading.current_thread() is not threading.main_thread():
        yield token
        return
    heard, woken = socket.socketpair()
    woken.setblocking(False)

    def listen() -> None:
        while byte := heard.recv(1):
            if byte[0] != signal.SIGINT:
                continue
            if token.cancelled:
                os._exit(EXIT_STOPPED)
            token.cancel()

    listener = threading.Thread(target=listen, daemon=True)
    before = signal.signal(signal.SIGINT, _leave_it_to_the_listener)
    signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
    listener.start()
    try:
        yield token
    finally:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, before)
        woken.close()
        listener.join()
        heard.close()


def _leave_it_to_the_listener(_number: int, _frame: object) -> None:
    """Keep Python from raising KeyboardInterrupt between two steps."""


@contextmanager
def _bar(total: int, unit: str) -> Iterator[Progress]:
    """Show a progress bar on stderr; yield what moves it."""
    from tqdm import tqdm

    tqdm.monitor_interval = 0
    often = 0.1 if sys.stderr.isatty() else 10.0
    layout = "{l_bar}{bar}| {n:.0f}/{total} [{elapsed}<{remaining}]{postfix}"
    with tqdm(
        total=total, unit=unit, mininterval=often, bar_format=layout, file=sys.stderr
    ) as bar:

        def show(fraction: float, text: str) -> None:
            bar.set_postfix_str(text, refresh=False)
            bar.update(fraction * total - bar.n)

        yield show


def _some(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _say(text: str) -> None:
    print(text, flush=True)


def _tell(text: str) -> None:
    print(f"napari-cellsets: {text}", file=sys.stderr, flush=True)


def _channel(text: str) -> str | int:
    if text == "rgb":
        return text
    if text.isdecimal():
        return int(text)
    raise argparse.ArgumentTypeError(f"'rgb' or a number from 0 was expected: {text!r}")


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"0 to 1 was expected: {text!r}")
    return value


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a whole number was expected: {text!r}")
    return int(text)


def _one_or_more(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"1 or more was expected: {text!r}")
    return int(text)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f"a size like 1600x1200 expected: {text!r}")
    if min(int(width), int(height)) < 64:
        raise argparse.ArgumentTypeError(f"at least 64 px a side: {text!r}")
    return int(height), int(width)


def _fact(text: str) -> tuple[str, Any]:
    name, given, value = text.partition("=")
    if not (name and given):
        raise argparse.ArgumentTypeError(f"NAME=VALUE was expected: {text!r}")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


if __name__ == "__main__":
    raise SystemExit(main())
