"""Pack events as ECF does: the slow and obvious way, for tests of the decoder."""

from __future__ import annotations

from itertools import groupby

STYLES = ("runs", "columns packed", "all packed")


def encode(events, style="runs"):
    """Pack events of one chunk; their times never decrease."""
    t, x, y, p = (getattr(events, c).tolist() for c in "txyp")
    flags = STYLES.index(style)
    out = (len(t) << 2 | flags).to_bytes(4, "little")
    out += (t[0] if t else 0).to_bytes(8, "little", signed=True)
    out += _times(t)
    if style == "all packed":
        packed = [b << 12 | a << 1 | c for a, b, c in zip(x, y, p, strict=True)]
        return out + _fours(packed, 24)
    out += b"".join(_run(row, 5, 31, n, 2) for row, n in _runs(y))
    if style == "columns packed":
        packed = [a << 1 | b for a, b in zip(x, p, strict=True)]
        return out + _fours(packed, 12)
    out += _vectors(x)
    return out + b"".join(_run(value, 7, 127, n, 1) for value, n in _runs(p))


def _runs(values):
    return [(value, len(list(group))) for value, group in groupby(values)]


def _run(value, bits, most, count, size):
    if count < most:
        return (value << bits | count).to_bytes(size, "little")
    return (value << bits | most).to_bytes(size, "little") + count.to_bytes(2, "little")


def _times(t):
    out, now = b"", t[0] if t else 0
    for time, count in _runs(t):
        step = time - now
        while step >= 15:
            whole, step, out_part = step, 0, b""
            while whole:
                out_part += bytes([0xF0 | whole & 15])
                whole >>= 4
            out += out_part
        out += _run(step, 4, 15, count, 1)
        now = time
    return out


def _vectors(x):
    out, at = b"", 0
    while at < len(x):
        column, word = x[at], x[at] << 5
        at += 1
        for step in range(5):
            if at < len(x) and x[at] == column + step + 1:
                word |= 1 << (4 - step)
                at += 1
        out += word.to_bytes(2, "little")
    return out


def _fours(values, bits):
    """Four numbers in three words, each split over the end of the one before."""
    out, word = b"", bits // 3 * 4
    values = values + [0] * (-len(values) % 4)
    quarter = word // 4
    for i in range(0, len(values), 4):
        a, b, c, d = values[i : i + 4]
        low = (1 << quarter) - 1
        first = a << quarter | b & low
        second = (b >> quarter) << 2 * quarter | c & (1 << 2 * quarter) - 1
        third = (c >> 2 * quarter) << 3 * quarter | d
        for part in (first, second, third):
            out += part.to_bytes(word // 8, "little")
    return out
