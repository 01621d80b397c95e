"""What the writers of Prophesee's formats share: header, checks, words of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_cellsets.core.errors import ExportError
from napari_cellsets.core.events import Events
from napari_cellsets.formats.atomic import atomic_output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cellsets.core.events import Geometry

_MOST_FILLED = 1_000_000


def write_pieces(
    path: str | Path,
    pieces: Iterable[Events],
    header: bytes,
    encode: Callable[[Events], NDArray[np.generic]],
    start_us: int,
) -> int:
    """Write a header and pieces of events; return how many events there were.

    Parameters
    ----------
    path
        The file; an older one is replaced only when the new one is complete.
    pieces
        Events in the order of the recording.
    header
        Bytes before the first unit.
    encode
        Makes the units of one piece; called for one after the other.
    start_us
        Added to all times.

    Raises
    ------
    ExportError
        If the format cannot hold the events, or the file cannot be written.
    """
    count = 0
    with atomic_output(path) as aside, aside.open("wb") as file:
        file.write(header)
        for piece in pieces:
            if len(piece):
                moved = Events(piece.t + start_us, piece.x, piece.y, piece.p)
                file.write(encode(moved).data.cast("B"))
                count += len(piece)
    return count


def raw_header(
    fields: Mapping[str, str], geometry: Geometry, facts: Mapping[str, str]
) -> bytes:
    """Return the header of a RAW file: lines ``% key value`` up to ``% end``."""
    lines = {
        **{key: " ".join(value.split()) for key, value in facts.items()},
        **fields,
        "geometry": f"{geometry.width}x{geometry.height}",
    }
    lines.pop("end", None)
    text = "".join(f"% {key} {value}\n" for key, value in lines.items())
    return f"{text}% end\n".encode()


def check_events(events: Events, geometry: Geometry, name: str) -> None:
    """Refuse what a file of this geometry cannot hold.

    Raises
    ------
    ExportError
        If a place lies outside the geometry, or a time before zero.
    """
    x, y = int(events.x.max()), int(events.y.max())
    if x >= geometry.width or y >= geometry.height:
        raise ExportError(
            f"an event at column {x}, line {y} lies outside the geometry of"
            f" {geometry.width} x {geometry.height} pixels",
            advice="Say the geometry that the events have.",
        )
    if int(events.t.min()) < 0:
        raise ExportError(
            f"{name} holds no times before zero; {int(events.t.min()):,} us was given",
            advice="Let the recording start at a later time (start_us).",
        )


def check_geometry(geometry: Geometry, most: int, name: str) -> None:
    """Refuse a sensor that is larger than the format's coordinates.

    Raises
    ------
    ExportError
        If a side is longer than `most` pixels, or has none.
    """
    if not (0 < geometry.width <= most and 0 < geometry.height <= most):
        raise ExportError(
            f"{name} holds sensors of 1 to {most:,} pixels a side; this one has"
            f" {geometry.width} x {geometry.height}",
            advice="Export to NumPy's npz or to HDF5.",
        )


class Highs(NamedTuple):
    """Words of high time to be written before some events.

    Parameters
    ----------
    before
        (k,), number of the event that each comes before, never decreasing.
    value
        (k,), the high time, without overflow taken out.
    """

    before: NDArray[np.intp]
    value: NDArray[np.int64]

    def places(self, ends: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where each goes, given the places of what follows on them."""
        follows = np.searchsorted(self.before, self.before, side="right")
        return ends[self.before] - follows + np.arange(len(self.before))


def high_words(high: NDArray[np.int64], last: int, reach: int, name: str) -> Highs:
    """Return which words of high time events need.

    A reader knows high times only up to an overflow, and takes the nearer of two
    ways round. Steps of more than `reach` are therefore made in several words.

    Parameters
    ----------
    high
        High time of each event.
    last
        High time that the reader knows already; -1 for none, then it starts at 0.
    reach
        The longest step.
    name
        Of the format, for the message.

    Raises
    ------
    ExportError
        If a pause is so long that it would need more than a million words.
    """
    steps = np.diff(high, prepend=max(last, 0))
    at = np.flatnonzero(steps)
    needed = (np.abs(steps[at]) + reach - 1) // reach
    if needed.sum() > len(at) + _MOST_FILLED:
        raise _too_far(name, begins=last < 0 and abs(steps[0]) == np.abs(steps).max())
    before = np.repeat(at, needed)
    ends = np.cumsum(needed)
    number = np.arange(len(before)) - np.repeat(ends - needed, needed) + 1
    whole = np.repeat(steps[at], needed)
    walked = np.sign(whole) * np.minimum(number * reach, np.abs(whole))
    value = np.repeat(high[at] - steps[at], needed) + walked
    if last < 0:
        before = np.concatenate((np.zeros(1, before.dtype), before))
        value = np.concatenate((np.zeros(1, value.dtype), value))
    return Highs(before, value)


def runs_of_32(
    events: Events, changes: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.uint32]]:
    """Gather events that one vector can hold.

    Parameters
    ----------
    events
        At least one.
    changes
        (n - 1,), where time or line differ from the event before.

    Returns
    -------
    starts, masks
        First event of each run: ascending columns of one sign within 32 that begin
        at a multiple of 32; and a bit for each of its columns.
    """
    x, p = events.x, events.p
    starts = np.ones(len(x), bool)
    starts[1:] = changes | (p[1:] != p[:-1]) | (x[1:] <= x[:-1])
    starts[1:] |= (x[1:] >> 5) != (x[:-1] >> 5)
    first = np.flatnonzero(starts)
    bits = np.left_shift(np.uint32(1), (x & 31).astype(np.uint32))
    return first, np.bitwise_or.reduceat(bits, first)


def _too_far(name: str, *, begins: bool) -> ExportError:
    """Say why times cannot be written: they begin too late, or pause too long."""
    if begins:
        return ExportError(
            f"its times begin too late for {name}, whose clock starts at 0 and goes"
            " round, such as those that count from 1970",
            advice="Cut it, so that time counts from 0, or export to HDF5 or npz.",
        )
    return ExportError(
        f"the recording pauses for longer than {name} can tell: its clock goes round",
        advice="Export the parts before and after the pause as two files.",
    )
