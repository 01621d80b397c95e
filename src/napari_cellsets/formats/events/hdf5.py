"""Events in HDF5 files of any arrangement.

Known by what they hold, wherever in the file it lies: Metavision's ``CD/events``
(packed with ECF), groups of columns as of DSEC and M3ED, records with named fields as
of aertb, tables of four columns as of MVSEC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from napari_cellsets.core.errors import (
    AmbiguousEventsError,
    NotRecognisedError,
    UnreadableFileError,
)
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events import ecf
from napari_cellsets.formats.events.columns import NO_POLARITY, named_columns, order_of
from napari_cellsets.formats.events.hdf5_file import (
    HdfFile,
    HdfRows,
    check_dataset,
)
from napari_cellsets.formats.events.ordering import ordered_rows
from napari_cellsets.formats.events.rows import Raw
from napari_cellsets.formats.hdf import is_hdf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_cellsets.formats.events.base import EventSource
    from napari_cellsets.formats.events.columns import Named, Order
    from napari_cellsets.formats.files import FileTree

_DEPTH = 5
_MOST_OBJECTS = 20_000
_SAMPLE = 1 << 14
_COLUMNS = 4
_LARGEST_SIDE = 65536
_MOST_FACTS, _LONGEST_FACT = 100, 1000
_FORMAT = "HDF5"


@dataclass(frozen=True)
class _Found:
    """Events in a file: a group of columns, or a dataset of records or of a table."""

    path: str
    named: Named | None
    columns: bool = False


def sniff_hdf5(name: str, head: bytes, size: int) -> bool:
    """Whether a file is HDF5; what it holds shows when it is opened."""
    return is_hdf(head)


def open_hdf5(tree: FileTree, name: str, *, reading: str | None = None) -> EventSource:
    """Open an HDF5 file of events.

    Parameters
    ----------
    tree, name
        The file.
    reading
        Path of the events in it where there are several, or the order of their
        columns, such as ``txyp``.

    Raises
    ------
    UnreadableFileError
        If it is damaged, or packed in a way that cannot be unpacked here.
    NotRecognisedError
        If it holds no events.
    AmbiguousEventsError
        If it holds several recordings, or columns that fit more than one reading.
    """
    file = HdfFile(tree, name)
    with file.opened() as opened:
        found = _chosen(list(_recordings(opened)), reading, file.place)
        one, named = opened[found.path], found.named
        about = _about(opened, one if found.columns else one.parent, named)
        if named is None:
            return _open_table(file, one, reading, about)
        if found.columns:
            return _open_columns(file, one, named, about)
        return _open_records(file, one, named, about)


def _chosen(found: list[_Found], reading: str | None, place: str) -> _Found:
    named = [one for one in found if one.path == reading]
    found = named or found
    if not found:
        raise NotRecognisedError(
            "columns t, x, y and p of events were expected; there are none in it",
            path=place,
        )
    if len(found) > 1:
        raise AmbiguousEventsError(
            f"it holds {len(found)} recordings",
            readings=[one.path for one in found],
            path=place,
            advice="Say which one to open.",
        )
    return found[0]


def _recordings(file: Any) -> Iterator[_Found]:
    """Everything in a file that can be events, nearest to the top first."""
    import h5py

    waiting, seen = [(file, 0)], 0
    for group, depth in waiting:
        sets = {}
        for key in group:
            seen += 1
            if seen > _MOST_OBJECTS:
                return
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                continue
            inner = group[key]
            if isinstance(inner, h5py.Group) and depth < _DEPTH:
                waiting.append((inner, depth + 1))
            elif isinstance(inner, h5py.Dataset):
                sets[key] = inner
        yield from _in_group(group, sets)


def _in_group(group: Any, sets: dict[str, Any]) -> Iterator[_Found]:
    flat = [key for key, one in sets.items() if _is_column(one)]
    named = named_columns(flat)
    if named is not None:
        yield _Found(group.name, named, columns=True)
    for one in sets.values():
        names = one.dtype.names
        if names is not None and len(one.shape) == 1:
            fields = named_columns(names)
            if fields is not None:
                yield _Found(one.name, fields)
        elif _is_table(one):
            yield _Found(one.name, None)


def _is_column(one: Any) -> bool:
    return len(one.shape) == 1 and one.dtype.kind in "biuf"


def _is_table(one: Any) -> bool:
    return (
        len(one.shape) == 2
        and one.shape[1] == _COLUMNS
        and one.dtype.kind in "iuf"
        and "event" in one.name.lower()
    )


def _open_records(file: HdfFile, one: Any, named: Named, about: _About) -> EventSource:
    packed = _is_ecf(one)
    check_dataset(one, file.place, own=(ecf.FILTER,) if packed else ())
    count, chunk = len(one), (one.chunks or (1,))[0]
    if packed:
        reader = partial(_read_ecf, one.name, file.place)
        rows = HdfRows(file, count, chunk, reader)
        return ordered_rows(rows, "Metavision HDF5", unit="us", **about)
    rows = HdfRows(file, count, chunk, partial(_read_records, one.name, named))
    return ordered_rows(rows, _FORMAT, unit=named.unit, **about)


def _read_records(path: str, named: Named, file: Any, first: int, count: int) -> Raw:
    block = file[path][first : first + count]
    p = block[named.p] if named.p else np.ones(count, np.uint8)
    return Raw(block[named.t], block[named.x], block[named.y], p)


def _is_ecf(one: Any) -> bool:
    how = one.id.get_create_plist()
    codes = [how.get_filter(place)[0] for place in range(how.get_nfilters())]
    return codes == [ecf.FILTER]


def _read_ecf(path: str, place: str, file: Any, first: int, count: int) -> Raw:
    one = file[path]
    chunk = one.chunks[0]
    parts = []
    for start in range(first, first + count, chunk):
        _, content = one.id.read_direct_chunk((start,))
        events = ecf.decode_chunk(content, place)
        wanted = min(chunk, first + count - start)
        if len(events) < wanted:
            raise UnreadableFileError(
                f"a chunk should hold {wanted:,} events; it holds {len(events):,}",
                path=place,
                advice="Copy or download it again.",
            )
        parts.append(events.take(slice(wanted)))
    found = Events.joined(parts)
    return Raw(found.t, found.x, found.y, found.p)


def _open_columns(
    file: HdfFile, group: Any, named: Named, about: _About
) -> EventSource:
    paths = [f"{group.name}/{key}" if key else "" for key in named[:4]]
    sets = [group[key] for key in named[:4] if key]
    for one in sets:
        check_dataset(one, file.place)
    counts = {len(one) for one in sets}
    if len(counts) > 1:
        listed = ", ".join(f"{len(one):,}" for one in sets)
        raise UnreadableFileError(
            f"columns of one length were expected; they have {listed}", path=file.place
        )
    offset = _number(group, "t_offset") or _number(group.parent, "t_offset") or 0
    chunk = max((one.chunks or (1,))[0] for one in sets)
    rows = HdfRows(file, len(sets[0]), chunk, partial(_read_columns, paths, offset))
    return ordered_rows(rows, _FORMAT, unit=named.unit, **about)


def _read_columns(
    paths: list[str], offset: int, file: Any, first: int, count: int
) -> Raw:
    t, x, y, p = (
        file[path][first : first + count] if path else np.ones(count, np.uint8)
        for path in paths
    )
    if offset:
        t = t + offset if t.dtype.kind == "f" else t.astype(np.int64) + offset
    return Raw(t, x, y, p)


def _open_table(
    file: HdfFile, one: Any, reading: str | None, about: _About
) -> EventSource:
    check_dataset(one, file.place)
    count, path = len(one), one.name
    few = min(_SAMPLE, count)
    starts = sorted({0, (count - few) // 2, count - few})
    starts = starts if count > len(starts) * few else [0]
    few = few if len(starts) > 1 else count
    sample = np.concatenate([one[start : start + few] for start in starts])
    order = order_of(sample, file.place, reading)
    chunk = (one.chunks or (1,))[0]
    rows = HdfRows(file, count, chunk, partial(_read_table, path, order))
    about["assumed"] = (*about["assumed"], *order.assumed)
    return ordered_rows(rows, _FORMAT, **about)


def _read_table(path: str, order: Order, file: Any, first: int, count: int) -> Raw:
    block = file[path][first : first + count]
    return Raw(*(block[:, place] for place in order[:4]))


class _About(TypedDict):
    """What the file says besides: arguments of `ordered_rows`."""

    geometry: Geometry | None
    assumed: tuple[str, ...]
    facts: dict[str, str]


def _about(file: Any, group: Any, named: Named | None) -> _About:
    assumed = (NO_POLARITY,) if named is not None and not named.p else ()
    facts = {}
    for key, value in list(file.attrs.items())[:_MOST_FACTS]:
        if isinstance(value, (str, bytes, int, float, np.number)):
            text = (
                value.decode("utf-8", "replace") if isinstance(value, bytes) else value
            )
            facts[str(key)] = str(text)[:_LONGEST_FACT]
    return {"geometry": _geometry(group, facts), "assumed": assumed, "facts": facts}


def _geometry(group: Any, facts: dict[str, str]) -> Geometry | None:
    """Size of the sensor: two numbers beside the events, or ``1280x720`` on top."""
    sides = [
        _number(group, key) or _number(group.file, key) for key in ("width", "height")
    ]
    said = re.fullmatch(r"(\d{1,5})\s*x\s*(\d{1,5})", facts.get("geometry", "").strip())
    if said:
        sides = [int(said[1]), int(said[2])]
    width, height = sides
    if width is None or height is None:
        return None
    known = 0 < width <= _LARGEST_SIDE and 0 < height <= _LARGEST_SIDE
    return Geometry(width, height) if known else None


def _number(group: Any, key: str) -> int | None:
    """A whole number beside the events: a dataset of one, or an attribute."""
    import h5py

    found = None
    if isinstance(group.get(key, getlink=True), h5py.HardLink):
        one = group[key]
        if isinstance(one, h5py.Dataset) and one.size == 1:
            found = np.ravel(one[()])[0]
    elif key in group.attrs:
        found = group.attrs[key]
    return int(found) if isinstance(found, (int, np.integer)) else None
