"""Compiled parser of lines of events; see `text`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.loops import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

_NEW_LINE, _PLUS, _MINUS, _DOT, _ZERO, _NINE = 10, 43, 45, 46, 48, 57
_SEPARATES = np.zeros(256, np.bool_)
_SEPARATES[[44, 59, 32, 9, 13, 11, 12]] = True
_LETTERS = 64
_TRUE, _ON = (116, 114, 117, 101), (111, 110)
_FALSE, _OFF = (102, 97, 108, 115, 101), (111, 102, 102)
_COMMENTS = (35, 37)
_MOST_DIGITS = 18
_LARGEST = 65535


@compiled
def parse(
    raw: Bytes, columns: NDArray[np.int64], width: int, shift: int, out: Any
) -> tuple[int, int, int]:
    """Decode whole lines until the columns `out` are full; see `text.parse_lines`."""
    t, x, y, p = out
    used, count, bad, at, end = 0, 0, 0, 0, len(raw)
    values = np.empty(4, np.int64)
    while count < len(t):
        line = at
        while at < end and raw[at] != _NEW_LINE:
            at += 1
        if at == end:
            break
        at += 1
        used = at
        found = _line(raw, line, at - 1, columns, width, shift, values)
        if found < 0:
            bad += 1
        elif found > 0:
            t[count], x[count], y[count], p[count] = values
            count += 1
    return used, count, bad


@compiled
def _line(
    raw: Bytes,
    at: int,
    end: int,
    columns: NDArray[np.int64],
    width: int,
    shift: int,
    values: NDArray[np.int64],
) -> int:
    """Decode one line: 1 an event, 0 nothing in it, -1 no event."""
    field, good = 0, True
    values[3] = 1
    while at < end:
        if _SEPARATES[raw[at]]:
            at += 1
            continue
        if field == 0 and raw[at] in _COMMENTS:
            return 0
        begin = at
        while at < end and not _SEPARATES[raw[at]]:
            at += 1
        for place in range(4):
            if columns[place] == field:
                if place == 3:
                    number, known = _polarity(raw, begin, at)
                else:
                    number, known = _scaled(raw, begin, at, shift if place == 0 else 0)
                    if place > 0 and not 0 <= number <= _LARGEST:
                        known = False
                good = good and known
                values[place] = number
        field += 1
    if field == 0:
        return 0
    return 1 if good and field == width else -1


@compiled
def _polarity(raw: Bytes, begin: int, end: int) -> tuple[int, bool]:
    """Whether a field is more than 0, or says true or on."""
    if raw[begin] >= _LETTERS:
        true = _is_word(raw, begin, end, _TRUE) or _is_word(raw, begin, end, _ON)
        false = _is_word(raw, begin, end, _FALSE) or _is_word(raw, begin, end, _OFF)
        return (1 if true else 0), true or false
    number, known = _scaled(raw, begin, end, 3)
    return (1 if number > 0 else 0), known


@compiled
def _is_word(raw: Bytes, begin: int, end: int, word: Any) -> bool:
    if end - begin != len(word):
        return False
    for place in range(len(word)):
        if raw[begin + place] | 32 != word[place]:
            return False
    return True


@compiled
def _scaled(raw: Bytes, begin: int, end: int, shift: int) -> tuple[Any, bool]:
    """Return a number times a power of ten, rounded half up, and whether it is one."""
    negative, at = False, begin
    if raw[at] == _PLUS or raw[at] == _MINUS:
        negative = raw[at] == _MINUS
        at += 1
    number, digits, seen, power, dot = np.int64(0), 0, 0, shift, False
    while at < end:
        sign = raw[at]
        if sign == _DOT and not dot:
            dot = True
        elif _ZERO <= sign <= _NINE:
            seen += 1
            if digits < _MOST_DIGITS:
                number = number * 10 + (np.int64(sign) - _ZERO)
                digits += 1 if number > 0 else 0
                power -= 1 if dot else 0
            else:
                power += 0 if dot else 1
        else:
            break
        at += 1
    if seen == 0:
        return 0, False
    if at < end:
        exponent, known = _exponent(raw, at, end)
        if not known:
            return 0, False
        power += exponent
    if number == 0:
        return 0, True
    if power > 0:
        if digits + power > _MOST_DIGITS:
            return 0, False
        number *= 10**power
    number = -number if negative else number
    if power < 0:
        number = _divided(number, -power)
    return number, True


@compiled
def _exponent(raw: Bytes, at: int, end: int) -> tuple[Any, bool]:
    if raw[at] | 32 != 101:
        return 0, False
    at += 1
    negative = False
    if at < end and (raw[at] == _PLUS or raw[at] == _MINUS):
        negative = raw[at] == _MINUS
        at += 1
    if at == end or end - at > 3:
        return 0, False
    exponent = np.int64(0)
    while at < end:
        if not _ZERO <= raw[at] <= _NINE:
            return 0, False
        exponent = exponent * 10 + (np.int64(raw[at]) - _ZERO)
        at += 1
    return (-exponent if negative else exponent), True


@compiled
def _divided(number: Any, power: int) -> Any:
    """Divide by a power of ten, rounded half up."""
    if power > _MOST_DIGITS:
        return np.int64(0)
    divisor = np.int64(1)
    for _ in range(power):
        divisor *= 10
    whole = number // divisor
    rest = number - whole * divisor
    return whole + 1 if rest >= divisor - rest else whole
