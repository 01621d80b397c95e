"""How a picture is laid out for the engine: one frame, strips or tiles."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

LEAST_CORE = 32

Extent: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one axis.

    Parameters
    ----------
    start, stop
        What the network sees, in px of the padded axis.
    core_start, core_stop
        What is kept of its answer.
    """

    start: int
    stop: int
    core_start: int
    core_stop: int

    @property
    def length(self) -> int:
        """Number of px that the network sees."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle of the picture: its rows and its columns."""

    rows: Span
    cols: Span

    @property
    def pixels(self) -> int:
        """Number of px that the network sees."""
        return self.rows.length * self.cols.length


@dataclass(frozen=True, slots=True)
class Grid:
    """What a model demands of a layout.

    Parameters
    ----------
    halo
        Px around a core that influence it.
    multiple_of
        Every start and length is a multiple of this, so that the pooling grid of
        a tile is that of the whole frame.
    size
        Height and width that the graph insists on, None where it is free.
    """

    halo: int = 96
    multiple_of: int = 8
    size: tuple[int | None, int | None] = (None, None)


def padded_shape(shape: Extent, grid: Grid) -> Extent:
    """Return the height and width of the frame that the network would see whole."""
    height, width = (
        max(_up(n, _step(grid, fixed)), fixed or 0)
        for n, fixed in zip(shape, grid.size, strict=True)
    )
    return height, width


def plan_tiles(
    shape: Extent,
    grid: Grid,
    max_pixels: int,
    window: tuple[Extent, Extent] | None = None,
) -> list[Tile]:
    """Cover a picture, or a window of it, with as few tiles as fit.

    One frame if it fits, else the fewest strips or tiles; among layouts of as
    many tiles the one with the least work. Equal to the whole frame where the
    halo covers the network's field of view.

    Parameters
    ----------
    shape
        Height and width of the picture in px.
    grid
        What the model demands.
    max_pixels
        The largest tile that memory allows, halo included.
    window
        Rows and columns (start, stop) whose answer is wanted; all by default.

    Returns
    -------
    list of Tile
        In raster order. Cores part the window (widened to the grid) exactly.
    """
    frame = padded_shape(shape, grid)
    wanted = [
        _aligned(part, length, _step(grid, fixed))
        for part, length, fixed in zip(
            window or ((0, frame[0]), (0, frame[1])), frame, grid.size, strict=True
        )
    ]
    rows_by_count = _Axis(frame[0], wanted[0], grid, grid.size[0])
    cols_by_count = _Axis(frame[1], wanted[1], grid, grid.size[1])
    rows, cols = _fewest(rows_by_count, cols_by_count, max_pixels)
    return [Tile(r, c) for r in rows for c in cols]


class _Axis:
    """The ways to cut one axis into a number of spans."""

    def __init__(
        self, length: int, wanted: Extent, grid: Grid, fixed: int | None
    ) -> None:
        self.length, self.wanted, self.fixed = length, wanted, fixed
        self.step = _step(grid, fixed)
        self.halo = _up(grid.halo, self.step)
        span = wanted[1] - wanted[0]
        # Narrower cores would be mostly work thrown away.
        self.most = max(1, span // max(self.halo, self.step, LEAST_CORE))

    def spans(self, count: int) -> list[Span]:
        if self.fixed is not None:
            return _fixed_spans(
                self.length, self.wanted, self.fixed, self.halo, self.step
            )
        start, stop = self.wanted
        units = (stop - start) // self.step
        cuts = [start + self.step * (units * i // count) for i in range(count + 1)]
        return [
            Span(max(0, a - self.halo), min(self.length, b + self.halo), a, b)
            for a, b in itertools.pairwise(cuts)
        ]


def _fewest(rows: _Axis, cols: _Axis, max_pixels: int) -> tuple[list[Span], list[Span]]:
    """Choose the cut with the fewest tiles that fit, then the least work."""
    best: tuple[int, int] | None = None
    chosen = (rows.spans(rows.most), cols.spans(cols.most))
    row_counts = [1] if rows.fixed is not None else range(1, rows.most + 1)
    for row_count in row_counts:
        if best is not None and row_count > best[0]:
            break
        r = rows.spans(row_count)
        c = _least_cut(cols, max_pixels // max(span.length for span in r))
        if c is None:
            continue
        work = sum(s.length for s in r) * sum(s.length for s in c)
        if best is None or (len(r) * len(c), work) < best:
            best, chosen = (len(r) * len(c), work), (r, c)
    return chosen


def _least_cut(axis: _Axis, longest: int) -> list[Span] | None:
    """Cut an axis into the fewest spans that are no longer than asked."""
    if axis.fixed is not None:
        return axis.spans(1)
    low, high = 1, axis.most
    if max(s.length for s in axis.spans(high)) > longest:
        return None
    while low < high:
        middle = (low + high) // 2
        if max(s.length for s in axis.spans(middle)) <= longest:
            high = middle
        else:
            low = middle + 1
    return axis.spans(low)


def _fixed_spans(
    length: int, wanted: Extent, size: int, halo: int, step: int
) -> list[Span]:
    """Cover an axis with spans of one length, overlapping by two halos or more."""
    halo = min(halo, size // 4)
    start, stop = wanted
    first = max(0, min(start - halo, length - size)) // step * step
    last = max(first, min(stop + halo, length) - size)
    last = min(_up(last, step), length - size)
    room = (last - first) // step
    count = 1 + -(-room // ((size - 2 * halo) // step))
    starts = [first + step * (room * i // max(1, count - 1)) for i in range(count)]
    seams = [(a + size + b) // 2 for a, b in itertools.pairwise(starts)]
    cuts = [start, *seams, stop]
    return [Span(a, a + size, cuts[i], cuts[i + 1]) for i, a in enumerate(starts)]


def _step(grid: Grid, fixed: int | None) -> int:
    """Where a graph of fixed size is no multiple itself, the grid cannot be kept."""
    step = grid.multiple_of
    fits = fixed is None or (fixed % step == 0 and fixed >= 4 * step)
    return grid.multiple_of if fits else 1


def _aligned(part: Extent, length: int, step: int) -> Extent:
    start = max(0, part[0]) // step * step
    return start, min(length, _up(max(part[1], start + 1), step))


def _up(n: int, step: int) -> int:
    return -(-n // step) * step


def reflected(length: int, start: int, stop: int) -> np.ndarray:
    """Return indices ``start..stop`` of an axis, mirrored at both its ends.

    Parameters
    ----------
    length
        Of the axis, 1 or more.
    start, stop
        May lie any way outside of it.

    Returns
    -------
    ndarray
        int, shape (stop - start,), each within ``0..length - 1``.
    """
    if length == 1:
        return np.zeros(stop - start, np.intp)
    period = 2 * (length - 1)
    place = np.arange(start, stop) % period
    return np.asarray(np.minimum(place, period - place))
