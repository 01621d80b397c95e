"""Composite ROIs of ImageJ: paths of moves, lines and curves, both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.formats.containers.reading import BadObject, ring_of

if TYPE_CHECKING:
    from napari_cellsets.core.annotation import Outline

MOVE, LINE, QUADRATIC, CUBIC, CLOSE = range(5)
_NUMBERS = {MOVE: 2, LINE: 2, QUADRATIC: 4, CUBIC: 6, CLOSE: 0}
_STEPS = 16
MOST_RINGS = 50_000
"""Most rings of one object."""


def rings_of_path(path: np.ndarray | None) -> list[np.ndarray]:
    """Return the rings of a path; curves become lines.

    Parameters
    ----------
    path
        float32, shape (n,): numbers of commands, each with its x and y.

    Returns
    -------
    list of ndarray
        float64, shape (n, 2): rows and columns.

    Raises
    ------
    BadObject
        If a command is not known or cut off, or a ring encloses nothing.
    """
    values = [] if path is None else path.tolist()
    rings: list[list[tuple[float, float]]] = []
    at = 0
    while at < len(values):
        command = values[at]
        if command not in _NUMBERS:
            raise BadObject(f"its path has the unknown command {command:g}")
        told = values[at + 1 : at + 1 + _NUMBERS[int(command)]]
        if len(told) < _NUMBERS[int(command)]:
            raise BadObject("its path is cut off")
        points = list(zip(told[::2], told[1::2], strict=True))
        at += 1 + len(told)
        if command == MOVE:
            rings.append(points)
        elif not rings:
            raise BadObject("its path begins without a place")
        elif command == LINE:
            rings[-1] += points
        elif command != CLOSE:
            rings[-1] += _curve([rings[-1][-1], *points])
    if len(rings) > MOST_RINGS:
        raise BadObject(f"its path has more than {MOST_RINGS:,} rings")
    found = [ring_of(ring) for ring in rings if len(ring) > 1]
    if not found:
        raise BadObject("its path is empty")
    return found


def path_of_outline(outline: Outline) -> np.ndarray:
    """Return the path of an outline as float32; see `rings_of_path`."""
    values: list[float] = []
    for part in outline:
        for ring in part:
            command = MOVE
            for row, column in (ring + 0.5).tolist():
                values += [command, column, row]
                command = LINE
            values.append(CLOSE)
    return np.array(values, np.float32)


def _curve(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points along a Bezier curve, without its first."""
    share = np.linspace(0, 1, _STEPS + 1)[1:, None, None]
    many = np.broadcast_to(np.array(points, np.float64), (_STEPS, len(points), 2))
    while many.shape[1] > 1:
        many = many[:, :-1] * (1 - share) + many[:, 1:] * share
    return [(x, y) for x, y in many[:, 0].tolist()]
