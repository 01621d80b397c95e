"""Horizontal runs of pixels: what labelling, holes and measures are made from.

A field of cells has some thousand times fewer runs than pixels, so everything
that would search the whole picture again works on runs instead. A run has a key
for its start and one for its end: ``row * (width + 1) + column``. The spare column
keeps runs of neighbouring rows apart, so keys sort in raster order.
"""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_cellsets.core.cancel import CancelToken

T = TypeVar("T")

STRIP_PIXELS = 2**22
CACHED_PIXELS = 2**19
"""What is made of so many stays in the cache of a processor."""
_MANY_STRIPS, _THREADS = 16, 2
"""More strips than this are worked on by several threads."""
PAINT_PIXELS = 2**20


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of set pixels of one plane, in raster order.

    Parameters
    ----------
    start, stop
        int64 keys, shape (n,); `stop` is one past the last pixel.
    height, width
        Of the plane, in px.
    """

    start: np.ndarray
    stop: np.ndarray
    height: int
    width: int

    @property
    def stride(self) -> int:
        """Distance between the keys of two pixels one above the other."""
        return self.width + 1

    @property
    def length(self) -> np.ndarray:
        """Pixels of each run, int64."""
        return np.asarray(self.stop - self.start)

    @property
    def row(self) -> np.ndarray:
        """Row of each run, int64."""
        return np.asarray(self.start // self.stride)

    def chosen(self, which: np.ndarray) -> Runs:
        """Return some of the runs: a mask or indices in raster order."""
        return Runs(self.start[which], self.stop[which], self.height, self.width)

    def outside(self) -> Runs:
        """Return the runs of all the pixels that are in none of these."""
        rows = np.arange(self.height, dtype=np.int64) * self.stride
        start = np.sort(np.concatenate([rows, self.stop]))
        stop = np.sort(np.concatenate([self.start, rows + self.width]))
        some = start < stop
        return Runs(start[some], stop[some], self.height, self.width)

    def united(self, other: Runs) -> Runs:
        """Return the runs of the pixels of both, which must not share any."""
        start = np.sort(np.concatenate([self.start, other.start]))
        stop = np.sort(np.concatenate([self.stop, other.stop]))
        gap = start[1:] != stop[:-1]
        first, last = np.append(True, gap), np.append(gap, True)
        if not start.size:
            first = last = np.zeros(0, bool)
        return Runs(start[first], stop[last], self.height, self.width)

    def components(self, *, diagonal: bool) -> tuple[np.ndarray, int]:
        """Number connected groups of runs in raster order of their first pixel.

        Parameters
        ----------
        diagonal
            Whether pixels that share only a corner are connected.

        Returns
        -------
        (ndarray, int)
            Group of each run, int32 from 0, and the number of groups.
        """
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import connected_components

        n = self.start.size
        if n == 0:
            return np.zeros(0, np.int32), 0
        reach = 0 if diagonal else 1
        below = self.stride
        low = np.searchsorted(self.stop, self.start + (below + reach), "left")
        high = np.searchsorted(self.start, self.stop + (below - reach), "right")
        count = np.maximum(high - low, 0)
        ends = np.concatenate([[0], np.cumsum(count)])
        touched = np.arange(ends[-1]) + np.repeat(low - ends[:-1], count)
        links = csr_array(
            (np.ones(touched.size, np.bool_), touched, ends), shape=(n, n)
        )
        total, group = connected_components(links, directed=False)
        return _in_raster_order(group, total), int(total)


def runs_of(mask_strips: Iterator[np.ndarray], height: int, width: int) -> Runs:
    """Find the runs of a mask that comes strip by strip, from the top.

    Parameters
    ----------
    mask_strips
        Boolean arrays of shape (rows, width).
    height, width
        Of the whole plane, in px.
    """
    starts, stops, top = [], [], 0
    for strip in mask_strips:
        spaced = np.zeros((strip.shape[0], width + 1), np.bool_)
        spaced[:, :width] = strip
        edges = np.flatnonzero(_changed(spaced.ravel())) + top * (width + 1)
        starts.append(edges[0::2])
        stops.append(edges[1::2])
        top += strip.shape[0]
    return Runs(_joined(starts), _joined(stops), height, width)


def label_runs(
    labels: np.ndarray, token: CancelToken | None = None
) -> tuple[Runs, np.ndarray]:
    """Find the runs of equal, non-zero labels and the label of each.

    Parameters
    ----------
    labels
        Integer, shape (y, x).
    token
        Cancels between strips.

    Returns
    -------
    (Runs, ndarray)
        The runs and their labels, shape (n,).
    """
    runs, (values,) = joint_runs((labels,), token)
    return runs, values


def joint_runs(
    planes: tuple[np.ndarray, ...], token: CancelToken | None = None
) -> tuple[Runs, tuple[np.ndarray, ...]]:
    """Find the runs in which no plane changes and every plane is non-zero.

    Parameters
    ----------
    planes
        Integer arrays of one shape (y, x).
    token
        Cancels between strips.

    Returns
    -------
    (Runs, tuple of ndarray)
        The runs and, for each plane, its value in each run.
    """
    height, width = planes[0].shape
    parts = in_strips(partial(_runs_in, planes, token), height, width)
    starts, stops = [part[0] for part in parts], [part[1] for part in parts]
    runs = Runs(_joined(starts), _joined(stops), height, width)
    nothing = [np.zeros(0, plane.dtype) for plane in planes]
    return runs, tuple(
        np.concatenate([none, *(part[2][at] for part in parts)])
        for at, none in enumerate(nothing)
    )


def _runs_in(
    planes: tuple[np.ndarray, ...], token: CancelToken | None, rows: slice
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Return keys of starts and stops of the runs of some rows, and their values."""
    if token is not None:
        token.raise_if_cancelled()
    width = max(1, planes[0].shape[1])
    flat = [np.ascontiguousarray(plane[rows]).reshape(-1) for plane in planes]
    changed = np.logical_or.reduce([_changed(f) for f in flat])
    # a run ends with its row, whatever the next one begins with
    changed[::width] = True
    edges = np.flatnonzero(changed)
    found = [f[edges] for f in flat]
    inside = np.flatnonzero(np.logical_and.reduce([f != 0 for f in found]))
    start = edges[inside]
    length = np.append(edges, flat[0].size)[inside + 1] - start
    start += start // width + rows.start * (width + 1)
    return start, start + length, [f[inside] for f in found]


def paint(
    out: np.ndarray, runs: Runs, values: np.ndarray, token: CancelToken | None = None
) -> None:
    """Write the value of each run into its pixels.

    Parameters
    ----------
    out
        Shape (y, x), C order, written in place.
    runs, values
        What to write, values of shape (n,).
    token
        Cancels between strips.
    """
    flat = out.reshape(-1)
    for some, index in _pixels(runs, token):
        flat[index] = np.repeat(values[some], runs.length[some])


def number_in_raster_order(
    labels: np.ndarray, runs: Runs, last: int, token: CancelToken | None = None
) -> None:
    """Number labels anew from 1, by their first pixel, in place.

    Parameters
    ----------
    labels
        int32, shape (y, x), C order.
    runs
        Of all the pixels that are not background.
    last
        The highest number in use.
    token
        Cancels between strips.
    """
    flat = labels.reshape(-1)
    first = np.full(last + 1, flat.size, np.int64)
    for _, index in _pixels(runs, token):
        np.minimum.at(first, flat[index], index)
    used = np.flatnonzero(first < flat.size)
    number = np.zeros(last + 1, np.int32)
    number[used[np.argsort(first[used])]] = np.arange(1, used.size + 1, dtype=np.int32)
    for _, index in _pixels(runs, token):
        flat[index] = number[flat[index]]


def _pixels(
    runs: Runs, token: CancelToken | None
) -> Iterator[tuple[slice, np.ndarray]]:
    """Give the flat index of every pixel, about a million at a time."""
    # Without the spare column a key is an index into the plane.
    first = runs.start - runs.row
    length = runs.length
    ends = np.cumsum(length)
    total = int(ends[-1]) if ends.size else 0
    cuts = np.searchsorted(ends, np.arange(0, total, PAINT_PIXELS))
    for a, b in itertools.pairwise([*np.unique(cuts).tolist(), ends.size]):
        if token is not None:
            token.raise_if_cancelled()
        n = length[a:b]
        index = np.repeat(first[a:b] - (np.cumsum(n) - n), n)
        index += np.arange(index.size)
        yield slice(a, b), index


def strips(height: int, width: int, at_most: int | None = None) -> Iterator[slice]:
    """Cut a plane into rows of about four million pixels, or fewer."""
    pixels = STRIP_PIXELS if at_most is None else min(STRIP_PIXELS, at_most)
    rows = max(1, pixels // max(1, width))
    for top in range(0, height, rows):
        yield slice(top, min(height, top + rows))


def in_strips(work: Callable[[slice], T], height: int, width: int) -> list[T]:
    """Do work on small strips of a plane, in several threads where there are many.

    Parameters
    ----------
    work
        Takes rows; worth it where most of it lets go of Python's lock.
    height, width
        Of the plane, in px.
    """
    cut = list(strips(height, width, CACHED_PIXELS))
    if len(cut) <= _MANY_STRIPS:
        return list(map(work, cut))
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(work, cut))


def _changed(flat: np.ndarray) -> np.ndarray:
    """Whether a value differs from the one before; the first from zero."""
    changed = np.empty(flat.size, np.bool_)
    if flat.size:
        changed[0] = flat[0] != 0
        np.not_equal(flat[1:], flat[:-1], out=changed[1:])
    return changed


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([*parts, np.zeros(0, np.int64)]).astype(np.int64, copy=False)


def _in_raster_order(group: np.ndarray, total: int) -> np.ndarray:
    first = np.full(total, group.size)
    np.minimum.at(first, group, np.arange(group.size))
    rank = np.empty(total, np.int32)
    rank[np.argsort(first)] = np.arange(total, dtype=np.int32)
    return np.asarray(rank[group])
