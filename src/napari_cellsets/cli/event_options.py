"""What the commands of ``events`` share: the recording, its range, its filters."""

from __future__ import annotations

import argparse
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellsets.cli.console import bar, some, tell
from napari_cellsets.cli.options import one_or_more
from napari_cellsets.core.errors import (
    AmbiguousEventsError,
    CellsetsError,
    ExportError,
    NotRecognisedError,
)
from napari_cellsets.formats.events.spool import watched
from napari_cellsets.formats.names import is_archive_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.playback.filters import FilterChain
    from napari_cellsets.playback.recording import Recording

_TURNS = {"0": 0, "90": 1, "180": 2, "270": 3}
_NAMED, _READINGS = 3, 50


def add_recording(command: Any) -> None:
    """Add FILE and what says how to read it."""
    add = command.add_argument
    add("path", type=Path, metavar="FILE", help="recording; also a/set.zip/inside.npy")
    add(
        "--reading",
        metavar="NAME",
        help="which of several readings to take, where a file fits more than one",
    )


def add_range(command: Any) -> None:
    """Add the options of a range of time."""
    add = command.add_argument
    add(
        "--from",
        dest="start",
        type=duration,
        default=None,
        metavar="TIME",
        help="begin, from the first event: 250ms, 1.5s (default: the beginning)",
    )
    add(
        "--to",
        dest="stop",
        type=duration,
        default=None,
        metavar="TIME",
        help="end, that moment excluded (default: the end)",
    )


def add_filters(command: Any) -> None:
    """Add the options of filters; they work in the order of the help."""
    add = command.add_argument_group("filters", "in this order").add_argument
    add("--hot-pixels", action="store_true", help="find hot pixels; take them out")
    add("--polarity", choices=("on", "off"), help="keep one polarity")
    add(
        "--background",
        type=some_time,
        metavar="TIME",
        help="take out events without a neighbour's in so long before",
    )
    add(
        "--refractory",
        type=some_time,
        metavar="TIME",
        help="take out events of a pixel that spoke so long before",
    )
    add("--flip", choices=("x", "y", "xy"), help="swap left and right, top and bottom")
    add("--turn", choices=tuple(_TURNS), help="degrees clockwise, after --flip")
    add(
        "--region",
        type=rectangle,
        metavar="X,Y,WIDTH,HEIGHT",
        help="keep a rectangle of the picture, px from its top left",
    )


def opened_recording(options: argparse.Namespace, token: CancelToken) -> Recording:
    """Open the recording that FILE names, and index it to its end.

    Raises
    ------
    NotRecognisedError
        If it names several recordings, or none.
    UnreadableFileError, UnsafeArchiveError
        If it cannot be read.
    AmbiguousEventsError
        If several readings fit; the message names them.
    """
    place, name = _found(Path(options.path))
    try:
        with late_bar() as progress, watched(token, progress):
            recording = _opened(place, name, options.reading)
    except AmbiguousEventsError as error:
        readings = ", ".join(error.readings[:_READINGS])
        raise AmbiguousEventsError(
            error.problem,
            readings=error.readings,
            path=error.path,
            advice=f"Say which by --reading: {readings}.",
        ) from error
    with late_bar() as progress:
        recording.build_index(token, progress)
    return recording


def _opened(place: Path, name: str, reading: str | None) -> Recording:
    if name or not place.is_file() or is_archive_name(place.name):
        return _of_set(place, name, reading)
    from napari_cellsets.formats.events.opening import open_event_file
    from napari_cellsets.playback.recording import open_recording

    source = open_event_file(place, reading=reading)
    return open_recording(source, name=place.name, place=place)


@contextmanager
def late_bar() -> Iterator[Progress]:
    """Yield what moves a bar in percent, which appears when it is first moved."""
    with ExitStack() as stack:
        shown: list[Progress] = []

        def show(share: float, text: str) -> None:
            if not shown:
                shown.append(stack.enter_context(bar(100, "%")))
            shown[0](share, text)

        yield show


def chain_of(
    options: argparse.Namespace, recording: Recording, token: CancelToken
) -> FilterChain | None:
    """Make the chain of filters that the options ask for; None for no filters."""
    from napari_cellsets.playback.filter_choice import FilterChoice

    choice = FilterChoice(polarity=options.polarity or "both")
    if options.hot_pixels:
        from napari_cellsets.playback.hot_pixels import find_hot_pixels

        found = find_hot_pixels(recording, token=token)
        tell(f"{some(len(found), 'hot pixel')} found")
        choice.hot_pixels_yx = tuple((pixel.y, pixel.x) for pixel in found)
        choice.without_hot_pixels = True
    if options.background:
        choice.background, choice.background_us = True, options.background
    if options.refractory:
        choice.refractory, choice.refractory_us = True, options.refractory
    flip = options.flip or ""
    choice.flip_x, choice.flip_y = "x" in flip, "y" in flip
    choice.quarters = _TURNS[options.turn or "0"]
    if options.region:
        x, y, width, height = options.region
        # edges between pixels, so that the rectangle holds its own border
        left, top, right, bottom = (n - 0.5 for n in (x, y, x + width, y + height))
        corners = (top, left), (top, right), (bottom, right), (bottom, left)
        choice.region, choice.polygons_yx = "inside", (corners,)
    return choice.chain


def range_of(options: argparse.Namespace, recording: Recording) -> tuple[int, int]:
    """Return [start, stop) in us from the first event; by default all of it.

    Raises
    ------
    ExportError
        If the recording holds nothing of it.
    """
    last = recording.duration_us + 1
    start = recording.start_us if options.start is None else options.start
    stop = last if options.stop is None else min(options.stop, last)
    if start >= stop:
        raise ExportError(
            f"the recording lasts {recording.duration_us / 1e6:g} s: none of it lies"
            f" from {start / 1e6:g} s on"
            + ("" if options.stop is None else f" and before {options.stop / 1e6:g} s"),
            path=options.path,
            advice="Choose other times for --from and --to.",
        )
    return start, stop


def duration(text: str) -> int:
    """``250ms``, ``1.5s``, ``40us`` or ``2min`` in microseconds; seconds without."""
    from napari_cellsets.playback.words import read_time

    try:
        return round(read_time(text, "s"))
    except CellsetsError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def some_time(text: str) -> int:
    """As `duration`, from 1 us to 10 s."""
    found = duration(text)
    if not 1 <= found <= 10_000_000:
        raise argparse.ArgumentTypeError(f"1us to 10s was expected: {text!r}")
    return found


def rectangle(text: str) -> tuple[int, int, int, int]:
    """X,Y,WIDTH,HEIGHT in px."""
    parts = text.split(",")
    if len(parts) != 4 or not all(part.strip().isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"X,Y,WIDTH,HEIGHT was expected: {text!r}")
    x, y, width, height = (int(part) for part in parts)
    return x, y, one_or_more(str(width)), one_or_more(str(height))


def _found(path: Path) -> tuple[Path, str]:
    """A place on disk, and the name inside of it where it is an archive."""
    if path.exists():
        return path, ""
    for place in path.parents:
        if place.is_file():
            return place, path.relative_to(place).as_posix()
    return path, ""


def _of_set(place: Path, name: str, reading: str | None) -> Recording:
    from napari_cellsets.catalogue import open_dataset
    from napari_cellsets.catalogue.recordings import place_on_disk
    from napari_cellsets.playback.recording import open_recording

    dataset = open_dataset(place)
    samples = [s for s in dataset.samples if dataset.holds_events(s)]
    if name:
        samples = [s for s in samples if _name_in(dataset, s) == name]
    if len(samples) != 1:
        raise NotRecognisedError(
            f"one recording was expected; there are {len(samples):,}",
            path=place / name,
            advice=_advice(dataset),
        )
    (sample,) = samples
    source = dataset.event_source(sample, reading=reading)
    if source is None:
        raise NotRecognisedError("this is no recording of events", path=place / name)
    held = place_on_disk(dataset.tree, sample.image)
    return open_recording(source, name=sample.image, place=held)


def _advice(dataset: Dataset) -> str:
    held = [s for s in dataset.samples if dataset.holds_events(s)]
    if not held:
        return "Name a recording of an event camera."
    listed = ", ".join(str(dataset.path / _name_in(dataset, s)) for s in held[:_NAMED])
    return f"Name one, such as {listed}."


def _name_in(dataset: Dataset, sample: Sample) -> str:
    """Name of a recording from the set on; that of a lone archive may be its folder."""
    if dataset.path.is_file():
        return sample.image.removeprefix(f"{dataset.path.name}/")
    return sample.image
