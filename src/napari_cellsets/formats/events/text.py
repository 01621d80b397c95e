"""Events as text: one a line, columns by their names or by what they hold.

Any stretch of bytes is decoded by itself: the state is how many bytes before it belong
to the line that it goes on with. Times are turned into microseconds as whole numbers,
never through a float.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_cellsets.core.errors import (
    AmbiguousEventsError,
    NotRecognisedError,
    UnreadableFileError,
)
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.core.late_loops import LateLoops
from napari_cellsets.formats.events.base import Decoded, EventHeader, Tally
from napari_cellsets.formats.events.clocks import clock_for
from napari_cellsets.formats.events.columns import NO_POLARITY, named_columns, order_of

if TYPE_CHECKING:
    from types import ModuleType

    from napari_cellsets.formats.events.base import EventSource, State
    from napari_cellsets.formats.files import FileTree
    from napari_cellsets.formats.sources import Source

_SAMPLE_BYTES = 1 << 18
_BLOCK = 1 << 18
_LONGEST_LINE = 1024
_SHORTEST_LINE = 8
_FEWEST_LINES = 4
_MOST_HEADER_LINES = 100
_SEPARATOR = re.compile(rb"[,;\s]+")
_COLUMNS = 4
_MOST_COLUMNS = 16


class Layout(NamedTuple):
    """What the lines of a file are.

    Parameters
    ----------
    start
        Offset of the first line of numbers.
    columns
        Places of t, x, y and p in a line; the last may be -1.
    width
        How many columns there are.
    shift
        Power of ten that makes microseconds of the times.
    """

    start: int
    columns: tuple[int, int, int, int]
    width: int
    shift: int


class TextSource:
    """An `EventSource` of lines; a unit is a byte.

    Parameters
    ----------
    source, place
        The file.
    layout
        What its lines are.
    header
        What is known of it.
    """

    most_per_unit = 1
    in_order = False

    def __init__(
        self, source: Source, place: str, layout: Layout, header: EventHeader
    ) -> None:
        self.header = header
        self.units = max(0, source.size - layout.start)
        self._source, self._place, self._layout = source, place, layout

    def start(self) -> State:
        """Return the state before the first line."""
        return np.zeros(1, np.int64)

    def decode(self, first: int, stop: int, state: State, out: Events) -> Decoded:
        """Decode lines until `out` is full; see `EventSource.decode`."""
        written, stop = 0, min(stop, self.units)
        while first < stop and written < len(out):
            room = out.take(slice(written, None))
            first, count, _ = self._lines(first, stop, state, room)
            written += count
        return Decoded(first, written)

    def tally(self, first: int, stop: int, state: State, sums: Tally) -> None:
        """Add up lines without keeping them; see `EventSource.tally`."""
        stop = min(stop, self.units)
        out = Events.empty(_BLOCK // _SHORTEST_LINE)
        while first < stop:
            first, count, bad = self._lines(first, stop, state, out)
            sums.add(out.take(slice(count)))
            sums.values[Tally.UNKNOWN] += bad

    def _lines(
        self, first: int, stop: int, state: State, out: Events
    ) -> tuple[int, int, int]:
        """Decode one block: the next unit, how many events, how many bad lines."""
        begun = int(state[0])
        last = min(stop, first + _BLOCK)
        start = self._layout.start + first - begun
        content = self._source.read_at(start, last - first + begun)
        if len(content) < last - first + begun:
            raise UnreadableFileError(
                "its end is missing",
                path=self._place,
                advice="The file became shorter while it was open: open it again.",
            )
        if last == self.units:
            content += b"\n"
        used, count, bad = parse_lines(content, self._layout, out)
        if count == len(out) and used < len(content):
            state[0] = 0
            return min(last, first - begun + used), count, bad
        state[0] = 0 if last == self.units else len(content) - used
        if state[0] > _LONGEST_LINE:
            raise UnreadableFileError(
                f"a line of more than {_LONGEST_LINE:,} bytes is no event",
                path=self._place,
            )
        return last, count, bad


def parse_lines(content: bytes, layout: Layout, out: Events) -> tuple[int, int, int]:
    """Decode whole lines until `out` is full.

    Returns
    -------
    used
        Bytes of the lines decoded.
    count
        Events.
    bad
        Lines that are none: not counting empty ones and comments.
    """
    return _parse(_LOOPS.now(), content, layout, out)


def _parse(
    loops: ModuleType, content: bytes, layout: Layout, out: Events
) -> tuple[int, int, int]:
    used, count, bad = loops.parse(
        np.frombuffer(content, np.uint8),
        np.array(layout.columns, np.int64),
        layout.width,
        layout.shift,
        (out.t, out.x, out.y, out.p),
    )
    return int(used), int(count), int(bad)


def _warm(loops: ModuleType) -> None:
    _parse(loops, b"1,2,3,1\n", Layout(0, (0, 1, 2, 3), 4, 0), Events.empty(1))


_HERE = "napari_cellsets.formats.events"
_LOOPS = LateLoops(f"{_HERE}.text_loops", f"{_HERE}.text_plain", _warm)


def sniff_text(name: str, head: bytes, size: int) -> bool:
    """Whether text is lines of events, told by its first lines."""
    try:
        _layout_of(head, size, name, None)
    except AmbiguousEventsError:
        return True
    except (NotRecognisedError, UnreadableFileError):
        return False
    return True


def open_text(tree: FileTree, name: str, *, reading: str | None = None) -> EventSource:
    """Open text of events.

    Parameters
    ----------
    tree, name
        The file.
    reading
        Order of columns without names, such as ``txyp``, where the person said it.

    Raises
    ------
    NotRecognisedError
        If its lines are no events.
    AmbiguousEventsError
        If its columns can be read in more than one way.
    UnreadableFileError
        If it cannot be read.
    """
    source, place = tree.source(name), tree.place(name)
    head = source.read_at(0, _SAMPLE_BYTES)
    layout, header = _layout_of(head, source.size, place, reading)
    return TextSource(source, place, layout, header)


def _layout_of(
    head: bytes, size: int, place: str, reading: str | None
) -> tuple[Layout, EventHeader]:
    if b"\0" in head:
        raise NotRecognisedError("text was expected; these are other bytes", path=place)
    names, geometry, start = _top(head)
    whole = head[start:] if len(head) >= size else head[start : head.rfind(b"\n") + 1]
    lines = [line.strip(b",; \t\r\v\f") for line in whole.split(b"\n")]
    split = [_SEPARATOR.split(ln) for ln in lines if ln and ln[:1] not in b"#%"]
    width = len(names) if names else len(split[0]) if split else 0
    rows = [fields for fields in split if len(fields) == width]
    named = named_columns(names) if names else None
    if named is not None and width <= _MOST_COLUMNS:
        t, x, y = (names.index(name) for name in named[:3])
        columns = t, x, y, names.index(named.p) if named.p else -1
        unit = named.unit
        assumed: tuple[str, ...] = () if named.p else (NO_POLARITY,)
    else:
        columns, assumed = _told(rows, split, place, reading)
        unit = ""
    times = np.array([_number(fields[columns[0]]) for fields in rows], np.float64)
    if named is not None and rows and not np.isfinite(times).any():
        raise NotRecognisedError("its column of times holds no numbers", path=place)
    clock = clock_for(times, unit)
    shift = {1_000_000: 6, 1000: 3}.get(clock.times, -3 if clock.divided > 1 else 0)
    header = EventHeader(
        "text",
        geometry,
        clock="Unix" if clock.unix else "",
        doubts=clock.doubts,
        assumed=(*assumed, *clock.assumed),
    )
    return Layout(start, columns, width, shift), header


def _told(
    rows: list[list[bytes]], split: list[list[bytes]], place: str, reading: str | None
) -> tuple[tuple[int, int, int, int], tuple[str, ...]]:
    """Tell four columns without names by what they hold."""
    fit = len(rows) >= max(_FEWEST_LINES, 0.9 * len(split))
    if not fit or len(rows[0]) != _COLUMNS:
        raise NotRecognisedError(
            "lines of four numbers (a time, a column, a row and a polarity) or names"
            " of the columns were expected",
            path=place,
            advice="Write the names t,x,y,p into its first line.",
        )
    sample = np.array([[_number(field) for field in fields] for fields in rows])
    sample = sample[np.isfinite(sample).all(axis=1)]
    if len(sample) < 0.9 * len(rows):
        raise NotRecognisedError("lines of four numbers were expected", path=place)
    order = order_of(sample, place, reading)
    return (order.t, order.x, order.y, order.p), order.assumed


def _top(head: bytes) -> tuple[list[str], Geometry | None, int]:
    """Names of columns, size of the sensor, and where the numbers begin."""
    names: list[str] = []
    geometry, at = None, 3 if head.startswith(b"\xef\xbb\xbf") else 0
    for _ in range(_MOST_HEADER_LINES):
        end = head.find(b"\n", at)
        line = head[at : end if end >= 0 else len(head)].strip()
        plain = line.lstrip(b"#% ").strip(b'"')
        fields = [field.strip(b'"') for field in _SEPARATOR.split(plain) if field]
        numbers = bool(fields) and all(_is_number(field) for field in fields)
        said = line[:1] not in (b"#", b"%")
        if said and names and fields:
            break
        if said and numbers:
            if len(fields) != 2 or geometry is not None or not line.isascii():
                break
            if not all(field.isdigit() and 0 < int(field) < 65536 for field in fields):
                break
            geometry = Geometry(int(fields[0]), int(fields[1]))
        elif not names and not numbers:
            found = [field.decode("latin-1") for field in fields]
            names = found if named_columns(found) is not None else names
        if end < 0:
            return names, geometry, len(head)
        at = end + 1
    return names, geometry, at


def _is_number(field: bytes) -> bool:
    return bool(np.isfinite(_number(field)))


def _number(field: bytes) -> float:
    try:
        return float(field)
    except ValueError:
        return float("nan")
