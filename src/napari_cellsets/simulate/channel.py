"""Cells that flow through a channel past an event camera, with the truth.

Drawn slice by slice of time, so that a recording of any length takes the memory of
one slice. What a pixel does while a cell passes it is computed once for a few cells
of every class (`_channel_looks`); flow, noise and latency are added here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.simulate._channel_looks import CHANNEL_CELLS, passing_cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_cellsets.simulate._channel_looks import Passing

FULL = Geometry(1280, 720)
_SLICE_US = 16_000
_LATENCY_US = 30.0
_SEEN = 0.92
_SMALLEST = 64
_MARGIN = 0.12


@dataclass(frozen=True)
class FlowingCell:
    """One cell of the truth.

    Parameters
    ----------
    number
        From 1, in the order in which the middle column is crossed.
    name
        Class, one of `CHANNEL_CELLS`.
    diameter_um
        Of the circle with its area.
    diameter_px
        The same on the sensor.
    y
        Row of its centre, which does not change.
    speed_px_ms
        To the right, px a millisecond.
    crossing_us
        When its centre crosses the middle column, us from the recording's start.
    enters_us, leaves_us
        When its centre enters and leaves the field of view; before 0 or after the
        end for cells that are in view then.
    """

    number: int
    name: str
    diameter_um: float
    diameter_px: float
    y: int
    speed_px_ms: float
    crossing_us: float
    enters_us: float
    leaves_us: float


@dataclass(frozen=True)
class SimulatedChannel:
    """A recording that is drawn when asked for, and its truth.

    Parameters
    ----------
    geometry
        Size of the sensor.
    duration_us
        Times are 0 to this, exclusive.
    um_per_px
        Width of a pixel in the channel.
    cells
        Every cell that is in view at some time, in the order of crossing.
    hot_pixels
        (y, x) and events a second of pixels that never rest.
    """

    geometry: Geometry
    duration_us: int
    um_per_px: float
    cells: tuple[FlowingCell, ...]
    hot_pixels: dict[tuple[int, int], float]
    noise_hz: float = field(repr=False)
    seed: int = field(repr=False)
    passings: tuple[Passing, ...] = field(repr=False)

    def pieces(self) -> Iterator[Events]:
        """Draw the events, the same at every call.

        Yields
        ------
        Events
            The next slice of time: times never decrease, from 0 us on.
        """
        rng = np.random.default_rng([self.seed, 1])
        late = Events.empty()
        coming = sorted(range(len(self.cells)), key=lambda i: self._span(i)[0])
        inside: list[int] = []
        for start in range(0, self.duration_us, _SLICE_US):
            stop = min(start + _SLICE_US, self.duration_us)
            while coming and self._span(coming[0])[0] < stop:
                inside.append(coming.pop(0))
            inside = [i for i in inside if self._span(i)[1] >= start]
            drawn = [self._passing(rng, i, start, stop) for i in inside]
            noise = self._noise(rng, start, stop)
            events = Events.joined([late, *drawn, noise])
            now = events.t < stop
            late = events.take(~now)
            events = _in_order(events.take(now), start)
            if len(events):
                yield events

    def _span(self, index: int) -> tuple[float, float]:
        """When the first and the last pixel can see a cell."""
        cell = self.cells[index]
        reach = 2 * cell.diameter_px + 8
        return (
            cell.enters_us - 1000 * reach / cell.speed_px_ms,
            cell.leaves_us + 1000 * reach / cell.speed_px_ms,
        )

    def _passing(
        self, rng: np.random.Generator, index: int, start: int, stop: int
    ) -> Events:
        """Events of one cell whose cause lies in a slice; some come later."""
        cell, looks = self.cells[index], self.passings[index]
        speed = cell.speed_px_ms / 1000
        width, height = self.geometry
        rows = looks.row + cell.y
        ahead = looks.ahead + np.float64(width / 2)
        first, last = (
            np.ceil(ahead + speed * (now - cell.crossing_us)).clip(0, width)
            for now in (start, stop)
        )
        counts = np.where((rows >= 0) & (rows < height), last - first, 0).astype(int)
        which = np.repeat(np.arange(len(counts)), counts)
        before = np.cumsum(counts) - counts
        x = first[which] + (np.arange(len(which)) - before[which])
        t = cell.crossing_us + (x - ahead[which]) / speed
        t += _LATENCY_US * rng.standard_exponential(len(t), np.float32)
        seen = rng.random(len(t), np.float32) < _SEEN
        which = which[seen]
        return Events.of(t[seen], x[seen], rows[which], looks.on[which])

    def _noise(self, rng: np.random.Generator, start: int, stop: int) -> Events:
        """Events that nothing caused, of every pixel and of the hot ones."""
        width, height = self.geometry
        seconds = (stop - start) / 1e6
        count = rng.poisson(self.noise_hz * width * height * seconds)
        places = np.array(list(self.hot_pixels), np.int64).reshape(-1, 2)
        rates = np.array(list(self.hot_pixels.values()), np.float64)
        hot = np.repeat(places, rng.poisson(rates * seconds), axis=0)
        calm = rng.integers(0, width * height, count)
        total = count + len(hot)
        return Events.of(
            rng.integers(start, stop, total),
            np.concatenate([calm % width, hot[:, 1]]),
            np.concatenate([calm // width, hot[:, 0]]),
            # a pixel that leaks grows lighter again and again
            rng.random(total) < np.repeat((0.55, 0.9), (count, len(hot))),
        )


def simulate_channel(
    seconds: float = 2.0,
    *,
    geometry: Geometry = FULL,
    cells_per_second: float = 2.5,
    speed_px_ms: float = 8.0,
    um_per_px: float = 0.3,
    noise_hz: float = 0.1,
    hot_pixels: int = 12,
    classes: Sequence[str] = tuple(CHANNEL_CELLS),
    seed: int = 0,
) -> SimulatedChannel:
    """Simulate a recording of cells that flow from left to right.

    While it crosses 1280 px a red cell gives 300,000 events, a platelet 60,000, a
    large cell 900,000: the defaults make about 1 million events a second.

    Parameters
    ----------
    seconds
        Length of the recording.
    geometry
        Size of the sensor, at most 1280 x 720.
    cells_per_second
        How many cells arrive, on average.
    speed_px_ms
        Speed in the middle of the channel, px a millisecond; slower at its walls.
    um_per_px
        Width of a pixel in the channel.
    noise_hz
        Events a second and pixel without a cause.
    hot_pixels
        How many pixels never rest.
    classes
        Some of `CHANNEL_CELLS`.
    seed
        The same seed makes the same recording.

    Raises
    ------
    CellsetsError
        If a number is out of bounds or a class is unknown.
    """
    _check(seconds, geometry, (cells_per_second, noise_hz, hot_pixels), classes)
    if min(speed_px_ms, um_per_px) <= 0:
        raise CellsetsError(
            "speed and width of a pixel should be above 0; they are"
            f" {speed_px_ms:g} px/ms and {um_per_px:g} um"
        )
    rng = np.random.default_rng([seed, 0])
    looks = {name: passing_cells(rng, name, um_per_px) for name in classes}
    duration = round(seconds * 1e6)
    flowing = _arrivals(rng, looks, duration, geometry, cells_per_second, speed_px_ms)
    cells, passings = [], []
    for number, (crossing, y, speed, passing) in enumerate(flowing, 1):
        half = 500 * geometry.width / speed
        cells.append(
            FlowingCell(
                number, passing.name, passing.diameter_um,
                passing.diameter_um / um_per_px, y, speed,
                crossing, crossing - half, crossing + half,
            )
        )  # fmt: skip
        passings.append(passing)
    return SimulatedChannel(
        geometry, duration, um_per_px, tuple(cells),
        _hot(rng, geometry, hot_pixels), noise_hz, seed, tuple(passings),
    )  # fmt: skip


def _check(
    seconds: float,
    geometry: Geometry,
    amounts: tuple[float, ...],
    classes: Sequence[str],
) -> None:
    if not 0 < seconds <= 3600 or min(amounts) < 0:
        raise CellsetsError(
            "a simulated recording lasts up to an hour, and no amount is below 0;"
            f" {seconds:g} s with {', '.join(f'{a:g}' for a in amounts)} was asked for"
        )
    width, height = geometry
    if min(width, height) < _SMALLEST or width > FULL.width or height > FULL.height:
        raise CellsetsError(
            f"the sensor should be {_SMALLEST} x {_SMALLEST} to 1280 x 720 px;"
            f" it is {width} x {height}"
        )
    unknown = [name for name in classes if name not in CHANNEL_CELLS]
    if unknown or not classes:
        raise CellsetsError(
            f"no class of cells is called {', '.join(unknown) or 'nothing at all'}",
            advice=f"Known are: {', '.join(CHANNEL_CELLS)}.",
        )


_Arrival = tuple[float, int, float, "Passing"]


def _arrivals(
    rng: np.random.Generator,
    looks: dict[str, tuple[Passing, ...]],
    duration: int,
    geometry: Geometry,
    cells_per_second: float,
    speed_px_ms: float,
) -> list[_Arrival]:
    """When the middle is crossed, row, speed and looks of all cells, in order."""
    share = np.array([CHANNEL_CELLS[name].share for name in looks])
    slowest = 0.4 * speed_px_ms
    # a cell may be in view before it is in the middle, and after
    spare = 500 * 1.2 * geometry.width / slowest
    span = duration + 2 * spare
    count = int(rng.poisson(cells_per_second * span / 1e6))
    found = []
    for crossing in np.sort(rng.uniform(-spare, duration + spare, count)).tolist():
        name = str(rng.choice(list(looks), p=share / share.sum()))
        passing = looks[name][int(rng.integers(len(looks[name])))]
        place = rng.uniform(-1, 1)
        y = round((0.5 + place * (0.5 - _MARGIN)) * geometry.height)
        calm = speed_px_ms * (1 - (1 - _MARGIN) * 0.55 * place**2)
        speed = max(slowest, float(calm * rng.normal(1, 0.04)))
        half = 500 * 1.1 * geometry.width / speed
        if -half < crossing < duration + half:
            found.append((crossing, y, speed, passing))
    return found


def _hot(
    rng: np.random.Generator, geometry: Geometry, count: int
) -> dict[tuple[int, int], float]:
    width, height = geometry
    places = rng.choice(width * height, min(count, width * height), replace=False)
    rates = 10 ** rng.uniform(1.7, 3.3, len(places))
    return {
        (int(place) // width, int(place) % width): float(rate)
        for place, rate in zip(places, rates, strict=True)
    }


def _in_order(events: Events, start: int) -> Events:
    """Sort the events of a slice; 16 bits of time hold it, which sort fast."""
    order = np.argsort((events.t - start).astype(np.uint16), kind="stable")
    return events.take(order)
