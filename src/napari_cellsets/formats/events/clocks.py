"""What times of rows mean: their unit, told by type, size and name.

Whole numbers stay whole: Unix times in nanoseconds do not fit into a float.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_UNIX_US = 10**15, 5 * 10**15
_UNIX_NS = 10**18, 5 * 10**18
_UNIX_S = 10**9, 5 * 10**9
_SECONDS_SPAN = 1e4
_MOST_US = 1 << 61
_PER_UNIT = {"s": 1_000_000, "ms": 1000, "us": 1}


@dataclass(frozen=True)
class Clock:
    """How to turn times of a file into microseconds.

    Parameters
    ----------
    times
        Microseconds of one unit of the file.
    divided
        Units of the file in a microsecond.
    unix
        Whether it counts from 1970.
    doubts
        What was lost, a sentence each.
    assumed
        What the file does not tell, a sentence each.
    """

    times: int = 1
    divided: int = 1
    unix: bool = False
    doubts: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()

    def microseconds(
        self, t: NDArray[Any]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_] | None]:
        """Return times in microseconds, and which of them are times.

        Parameters
        ----------
        t
            As the file holds them, of any type of numbers.

        Returns
        -------
        times
            int64.
        good
            bool; None where all are.
        """
        if t.dtype.kind == "f":
            with np.errstate(over="ignore", invalid="ignore"):
                scaled = t.astype(np.float64) * (self.times / self.divided)
            good = np.abs(scaled) < _MOST_US  # False for NaN, too
            if good.all():
                return np.rint(scaled).astype(np.int64), None
            return np.rint(np.where(good, scaled, 0)).astype(np.int64), good
        among: NDArray[np.bool_] | None = None
        if t.dtype.itemsize == 8:
            among = _within(t, _MOST_US // self.times)
            if among is not None:
                t = np.where(among, t, np.zeros((), t.dtype))
        whole = t.astype(np.int64, copy=False)
        if self.times != 1:
            whole = whole * self.times
        if self.divided != 1:
            whole = whole // self.divided
        return whole, among


MICROSECONDS = Clock()


def _within(t: NDArray[Any], most: int) -> NDArray[np.bool_] | None:
    good = t <= most if t.dtype.kind == "u" else (t <= most) & (t >= -most)
    return None if good.all() else np.asarray(good)


class NamedTime(NamedTuple):
    """A name of a column of times, and the unit that it tells."""

    plain: str
    unit: str


def unit_in_name(name: str) -> NamedTime:
    """Split ``timestamp_ns`` into the name and the unit; the unit may be empty."""
    plain, _, unit = name.lower().rpartition("_")
    if plain and unit in ("us", "ns", "ms", "s", "sec"):
        return NamedTime(plain, "s" if unit == "sec" else unit)
    return NamedTime(name.lower(), "")


def clock_for(sample: NDArray[Any], unit: str = "") -> Clock:
    """Tell the unit of times.

    Parameters
    ----------
    sample
        Some times, of both ends of the recording, as the file holds them.
    unit
        ``s``, ``ms``, ``us`` or ``ns`` where the file says so.
    """
    floats = sample.dtype.kind == "f"
    known = sample[np.isfinite(sample)] if floats else sample
    first = float(known[0]) if known.size else 0.0
    doubts = _float32_doubt(known, unit) if sample.dtype == np.float32 else ()
    if unit == "ns":
        return Clock(divided=1000, unix=_is_in(first, _UNIX_NS), doubts=doubts)
    if unit:
        in_us = first * _PER_UNIT[unit]
        return Clock(times=_PER_UNIT[unit], unix=_is_in(in_us, _UNIX_US), doubts=doubts)
    if not known.size:
        return Clock(doubts=doubts)
    if floats and _has_fractions(known):
        return _float_clock(known, doubts)
    if _is_in(first, _UNIX_NS):
        return Clock(divided=1000, unix=True, doubts=doubts)
    return Clock(unix=_is_in(first, _UNIX_US), doubts=doubts)


def _float_clock(known: NDArray[Any], doubts: tuple[str, ...]) -> Clock:
    span = float(known.max()) - float(known.min())
    if span < _SECONDS_SPAN:
        said = "The times are numbers with fractions: they were taken for seconds."
        unix = _is_in(float(known[0]), _UNIX_S)
        return Clock(times=1_000_000, unix=unix, doubts=doubts, assumed=(said,))
    said = "The times have fractions of microseconds: they were rounded."
    unix = _is_in(float(known[0]), _UNIX_US)
    return Clock(unix=unix, doubts=doubts, assumed=(said,))


def _float32_doubt(known: NDArray[Any], unit: str) -> tuple[str, ...]:
    """Say how much times of 32-bit floats have lost, if they did."""
    if not known.size:
        return ()
    largest = np.float32(np.abs(known).max())
    step = float(np.spacing(largest))
    seconds = unit == "s" or (not unit and _has_fractions(known))
    lost = step * 1e6 if seconds else step
    if lost <= 1:
        return ()
    return (
        f"The times are 32-bit floats, which at the end of the recording are"
        f" {lost:,.3g} us apart: the order and distance of closer events is lost.",
    )


def _has_fractions(known: NDArray[Any]) -> bool:
    return bool((known != np.rint(known)).any())


def _is_in(value: float, limits: tuple[int, int]) -> bool:
    return limits[0] <= value < limits[1]
