"""Lines of events without compiled loops; see `text`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Columns = tuple[
        NDArray[np.int64], NDArray[np.uint16], NDArray[np.uint16], NDArray[np.uint8]
    ]

_SEPARATOR = re.compile(rb"[,;\s]+")
_NUMBER = re.compile(rb"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?")
_MOST_DIGITS = 18


def parse(
    raw: NDArray[np.uint8],
    columns: NDArray[np.int64],
    width: int,
    shift: int,
    out: Columns,
) -> tuple[int, int, int]:
    """Decode whole lines until the columns `out` are full; see `text.parse_lines`."""
    t, x, y, p = out
    content, places = raw.tobytes(), columns.tolist()
    used = count = bad = 0
    while count < len(t):
        end = content.find(b"\n", used)
        if end < 0:
            break
        line, used = content[used:end].strip(b",; \t\r\v\f"), end + 1
        if not line or line[:1] in b"#%":
            continue
        fields = _SEPARATOR.split(line)
        event = _event(fields, places, shift) if len(fields) == width else None
        if event is None:
            bad += 1
            continue
        t[count], x[count], y[count], p[count] = event
        count += 1
    return used, count, bad


def _event(
    fields: list[bytes], columns: list[int], shift: int
) -> tuple[int, int, int, int] | None:
    t_at, x_at, y_at, p_at = columns
    t = _scaled(fields[t_at], shift)
    x, y = _scaled(fields[x_at], 0), _scaled(fields[y_at], 0)
    p = _polarity(fields[p_at]) if p_at >= 0 else 1
    if t is None or x is None or y is None or p is None:
        return None
    if not (0 <= x <= 65535 and 0 <= y <= 65535):
        return None
    return t, x, y, p


def _polarity(field: bytes) -> int | None:
    words = {b"true": 1, b"false": 0, b"on": 1, b"off": 0}
    if field.lower() in words:
        return words[field.lower()]
    number = _scaled(field, 3)
    return None if number is None else int(number > 0)


def _scaled(field: bytes, shift: int) -> int | None:
    """Return a number times a power of ten, rounded half up; None where it is none."""
    found = _NUMBER.fullmatch(field)
    if found is None or not (found[2] or found[3]):
        return None
    digits = (found[2] + (found[3] or b"")).lstrip(b"0")
    power = shift + int(found[4] or 0) - len(found[3] or b"")
    if len(digits) > _MOST_DIGITS:
        power += len(digits) - _MOST_DIGITS
        digits = digits[:_MOST_DIGITS]
    number = int(digits or b"0")
    if power > 0:
        if number and len(str(number)) + power > _MOST_DIGITS:
            return None
        number *= 10**power if number else 1
    number = -number if found[1] == b"-" else number
    if power >= 0:
        return number
    divisor = 10**-power
    return int((2 * number + divisor) // (2 * divisor))
