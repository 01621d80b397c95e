"""Circles, ellipses and turned rectangles as outlines and boxes, and back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

from napari_cellsets.formats.containers.reading import BadObject

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from napari_cellsets.core.annotation import Outline

Ellipse: TypeAlias = "tuple[float, float, float, float, float]"
"""Middle (row, column), half axes (down, right), degrees clockwise on the screen."""

ELLIPSE = "ellipse"
"""Property of an outline that was drawn as an ellipse: its `Ellipse`."""
_SAGITTA = 0.02
_SAME = 1e-3


def ellipse_ring(ellipse: Ellipse) -> np.ndarray:
    """Return the ring of an ellipse, nowhere more than 0.02 pixels off.

    Parameters
    ----------
    ellipse
        See `Ellipse`.

    Returns
    -------
    ndarray
        float64, shape (n, 2): rows and columns.

    Raises
    ------
    BadObject
        If a half axis is not above 0.
    """
    import numpy as np

    row, column, down, right, angle = ellipse
    if not min(down, right) > 0:
        raise BadObject("its radius is not above 0")
    largest = max(down, right)
    step = math.acos(max(0.0, 1 - _SAGITTA / largest))
    count = 4 * min(180, max(4, math.ceil(math.pi / 2 / step)))
    turn = np.linspace(0, 2 * math.pi, count, endpoint=False)
    x, y = right * np.cos(turn), down * np.sin(turn)
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    return np.stack([row + x * sine + y * cosine, column + x * cosine - y * sine], 1)


def ellipse_of(outline: Outline, properties: Mapping[str, Any]) -> Ellipse | None:
    """Return the ellipse as which an outline was drawn, if it still has that shape."""
    import numpy as np

    found = properties.get(ELLIPSE)
    if not isinstance(found, list | tuple) or len(found) != 5:
        return None
    if len(outline) != 1 or len(outline[0]) != 1:
        return None
    try:
        row, column, down, right, angle = (float(value) for value in found)
        ring = ellipse_ring((row, column, down, right, angle))
    except (TypeError, ValueError):
        return None
    same = ring.shape == outline[0][0].shape and np.allclose(
        ring, outline[0][0], rtol=0, atol=_SAME
    )
    return (row, column, down, right, angle) if same else None


def turned_box(corners: np.ndarray) -> tuple[list[float], float]:
    """Return edges and angle of a rectangle from its four corners.

    Parameters
    ----------
    corners
        float64, shape (4, 2): rows and columns, around the rectangle; the first
        side is its upper one before it was turned.

    Returns
    -------
    tuple
        Edges as in `Boxes.yxyx` and degrees as in `Boxes.angles`.

    Raises
    ------
    BadObject
        If the corners are those of no rectangle.
    """
    import numpy as np

    if corners.shape != (4, 2):
        raise BadObject(f"{len(corners)} corners make no rectangle")
    middle = corners.mean(axis=0)
    reach = np.hypot(*(corners - middle).T)
    if not reach.min() > 0 or np.ptp(reach) > 0.02 * reach.max() + 0.1:
        raise BadObject("its corners are those of no rectangle")
    across, down = corners[1] - corners[0], corners[2] - corners[1]
    width, height = float(np.hypot(*across)), float(np.hypot(*down))
    angle = math.degrees(math.atan2(across[0], across[1])) if width else 0.0
    half = np.array([height, width]) / 2
    return [*(middle - half).tolist(), *(middle + half).tolist()], angle
