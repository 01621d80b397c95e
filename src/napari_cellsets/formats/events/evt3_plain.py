"""Decode EVT3 with numpy alone: for where loops cannot be compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_cellsets.formats.events.bits import bit_counts
from napari_cellsets.formats.events.raw_source import high_steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.formats.events.base import State

LOOP = 1 << 24


class _Expanded(NamedTuple):
    """Events of some words, before they are put into columns."""

    t: NDArray[np.int64]
    x: NDArray[Any]
    y: NDArray[Any]
    p: NDArray[np.uint8]


def decode(
    words: NDArray[Any],
    state: State,
    t: NDArray[np.int64],
    x: NDArray[Any],
    y: NDArray[Any],
    p: NDArray[np.uint8],
) -> tuple[int, int]:
    """Decode as `evt3_loops.decode` does."""
    held = events_of_words(words)
    before = np.cumsum(held) - held
    # as the loop: the next word is looked at only while 12 places are free
    done = int(np.searchsorted(before, len(t) - 12, side="right"))
    words, held = words[:done], held[:done]
    found = _expanded(words, held, state)
    n = len(found.t)
    t[:n], x[:n], y[:n], p[:n] = found
    return done, n


def state_after(words: NDArray[Any], state: State) -> None:
    """Change the state into the one after some words."""
    _expanded(words, events_of_words(words), state)


def events_of_words(words: NDArray[Any]) -> NDArray[np.int64]:
    """Return how many events each word holds."""
    kind = words >> 12
    held: NDArray[np.int64] = (kind == 2).astype(np.int64)
    for vector, mask in ((4, 0xFFF), (5, 0xFF)):
        at = np.flatnonzero(kind == vector)
        held[at] = bit_counts(words[at] & mask)
    return held


def times_of_words(words: NDArray[Any], start: int) -> NDArray[np.int64]:
    """Return the time after each word, without overflows, given the one before."""
    kind = words >> 12
    highs = np.flatnonzero(kind == 8)
    steps = high_steps(
        (words[highs] & 0xFFF).astype(np.int64) << 12, start, LOOP, 12
    ).steps
    high = np.zeros(len(words), np.int64)
    high[highs] = steps
    high = (start & ~0xFFF) + np.cumsum(high)
    # lower bits: of the last word that set them; a step of the upper ones sets zero
    setting = kind == 6
    setting[highs[steps != 0]] = True
    low = np.where(kind == 6, words & 0xFFF, 0).astype(np.int64)
    now: NDArray[np.int64] = high + _last(low, setting, start & 0xFFF)
    return now


def _expanded(words: NDArray[Any], held: NDArray[np.int64], state: State) -> _Expanded:
    kind = words >> 12
    field = (words & 0x7FF).astype(np.int64)
    sign = (words >> 11 & 1).astype(np.int64)
    now = times_of_words(words, int(state[0]))
    line = _last(field, kind == 0, int(state[1]))
    vector_sign = _last(sign, kind == 3, int(state[3]))
    # a vector begins where its base and the vectors since have led
    width = np.where(kind == 4, 12, np.where(kind == 5, 8, 0))
    walked = np.cumsum(width) - width
    origin = _last(field - walked, kind == 3, int(state[2]))
    first = np.where(kind == 2, field, origin + walked)
    signs = np.where(kind == 2, sign, vector_sign)
    if len(words):
        state[:] = (
            now[-1],
            line[-1],
            (origin[-1] + walked[-1] + width[-1]) & 0xFFFF,
            vector_sign[-1],
        )
    of = np.repeat(np.arange(len(words)), held)
    return _Expanded(
        now[of],
        ((first[of] + _offsets(words, kind, held)) & 0xFFFF).astype(np.uint16),
        line[of].astype(np.uint16),
        signs[of].astype(np.uint8),
    )


def _offsets(
    words: NDArray[Any], kind: NDArray[Any], held: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the place in its vector of each event, 0 for single ones."""
    offsets = np.zeros(int(held.sum()), np.int64)
    first = np.cumsum(held) - held
    vectors = np.flatnonzero((kind == 4) | (kind == 5))
    masks = words[vectors] & np.where(kind[vectors] == 4, 0xFFF, 0xFF)
    free = first[vectors]
    for bit in range(12):
        has = (masks >> bit & 1).astype(bool)
        offsets[free[has]] = bit
        free = free + has
    return offsets


def _last(
    values: NDArray[np.int64], setting: NDArray[np.bool_], start: int
) -> NDArray[np.int64]:
    """Return at each word the value of the last one that sets it, at first `start`."""
    at = np.maximum.accumulate(np.where(setting, np.arange(1, len(values) + 1), 0))
    return np.concatenate(([start], values))[at]
