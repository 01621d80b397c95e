"""Times, speeds and numbers of events as people write and read them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from napari_cellsets.playback.recording import Recording

US_OF: Final = {"us": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000}
_UNITS = {
    "": "",
    "us": "us",
    "µs": "us",
    "μs": "us",
    "ms": "ms",
    "s": "s",
    "sec": "s",
    "min": "min",
    "h": "h",
}
_SHOWN = {"us": "µs"}
_NUMBER = r"\d+(?:[.,]\d*)?|[.,]\d+"
_TIME = re.compile(rf"\s*({_NUMBER})\s*([^\W\d]*)\s*")
_CLOCK = re.compile(r"\s*(?:(\d+):)?(\d+):(\d+(?:[.,]\d*)?)\s*")
_RATIO = re.compile(rf"\s*1\s*[:/]\s*({_NUMBER})\s*")
_TIMES = re.compile(rf"\s*[x×]?\s*({_NUMBER})\s*[x×]?\s*")
_COUNT = re.compile(rf"\s*({_NUMBER})\s*([kKM]?)\s*(?:events?)?\s*")
_THOUSANDS = {"": 1, "k": 1_000, "K": 1_000, "M": 1_000_000}


def time_words(us: float) -> str:
    """Return a time exactly, in the unit that suits it: ``12.5 ms``."""
    whole = round(us)
    unit = "us" if whole < 1_000 else "ms" if whole < 1_000_000 else "s"
    places = len(str(US_OF[unit])) - 1
    text = f"{whole / US_OF[unit]:.{places}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{text} {_SHOWN.get(unit, unit)}"


def clock_words(us: int, span_us: int) -> str:
    """Return a moment as wide as all others of the same recording.

    Parameters
    ----------
    us
        The moment.
    span_us
        Length of the recording: it decides on the unit.
    """
    if span_us < 1_000_000:
        return f"{us / 1_000:.3f} ms"
    if span_us < 60_000_000:
        return f"{us / 1_000_000:.6f} s"
    minutes, rest = divmod(us, 60_000_000)
    return f"{minutes}:{rest / 1_000_000:09.6f}"


def read_time(text: str, unit: str = "ms") -> float:
    """Return the microseconds that a text means.

    Parameters
    ----------
    text
        ``12.5 ms``, ``250 us``, ``3 s``, ``1:02.5``; a bare number is of `unit`.
    unit
        ``us``, ``ms``, ``s`` or ``min``.

    Raises
    ------
    CellsetsError
        If it is no time.
    """
    clock = _CLOCK.fullmatch(text)
    if clock:
        hours, minutes, seconds = clock.groups()
        return (int(hours or 0) * 60 + int(minutes)) * 60e6 + _number(seconds) * 1e6
    found = _TIME.fullmatch(text)
    known = _UNITS.get(found[2]) if found else None
    if found is None or known is None:
        raise CellsetsError(
            f"{text.strip()!r} is no time", advice="Write it as 250 us, 12.5 ms or 3 s."
        )
    if known == "h":
        return _number(found[1]) * 60 * US_OF["min"]
    return _number(found[1]) * US_OF[known or unit]


def speed_words(speed: float) -> str:
    """Return a speed as ``1:500`` or ``2×``."""
    if speed >= 0.995:
        return f"{speed:.3g}×"
    return f"1:{_rounded(1 / speed):,}"


def read_speed(text: str) -> float:
    """Return the speed that a text means: ``1:500``, ``0.002``, ``2x``.

    Raises
    ------
    CellsetsError
        If it is no speed.
    """
    plain = text.replace(",", "") if ":" in text else text
    ratio, times = _RATIO.fullmatch(plain), _TIMES.fullmatch(plain)
    value = 0.0
    if ratio and _number(ratio[1]) > 0:
        value = 1 / _number(ratio[1])
    elif times:
        value = _number(times[1])
    if value <= 0:
        raise CellsetsError(
            f"{text.strip()!r} is no speed", advice="Write it as 1:500 or 2×."
        )
    return value


def count_words(count: float) -> str:
    """Return a number of events: ``20,000 events``."""
    return f"{round(count):,} events"


def read_count(text: str) -> float:
    """Return the number of events that a text means: ``20,000``, ``20k``, ``1.5 M``.

    Raises
    ------
    CellsetsError
        If it is no number.
    """
    found = _COUNT.fullmatch(re.sub(r",(?=\d{3}(?!\d))", "", text))
    if found is None:
        raise CellsetsError(
            f"{text.strip()!r} is no number of events",
            advice="Write it as 20,000 or 20k.",
        )
    return _number(found[1]) * _THOUSANDS[found[2]]


def _rounded(value: float) -> int | float:
    """Return a value of three digits, as a whole number where it is one."""
    short = float(f"{value:.3g}")
    return round(short) if short == round(short) else short


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def recording_words(recording: Recording) -> str:
    """Return format, size, length and number of events, as far as they are known."""
    size = recording.geometry
    facts = (
        recording.header.format,
        f"{size.width}×{size.height}",
        time_words(recording.duration_us),
        count_words(recording.event_count),
    )
    return ", ".join(facts) + ("" if recording.complete else " so far")
