"""Where a mark is: as napari's layers hold it, and as the project store does."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_cellsets._napari.drawn import one_path
from napari_cellsets.core.annotation import Boxes
from napari_cellsets.formats.containers.convert import corners_of_boxes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellsets.core.annotation import Outline

    Vertices = NDArray[np.float64]
    Rings = tuple[tuple[int, ...], ...]

#: Sides of a box are upright where they are off by less than this part of a pixel.
_UPRIGHT_PX = 1e-6
_AROUND_ELLIPSE = 32


class Form(NamedTuple):
    """How a mark lies in its layer.

    Parameters
    ----------
    vertices
        float64 (n, 2); of a point one row.
    shape
        napari's word: ``rectangle``, ``polygon``, ``path``; empty for a point.
    rings
        As of `Drawn`.
    """

    vertices: Vertices
    shape: str = ""
    rings: Rings = ()


def same_form(one: Form, other: Form) -> bool:
    """Whether two marks lie alike."""
    return one.shape == other.shape and np.array_equal(one.vertices, other.vertices)


def fitting(
    kind: str, form: Form, before: Form | None = None, *, lines: bool = False
) -> Form | None:
    """Return what becomes of something that was drawn into a layer of marks.

    Parameters
    ----------
    kind
        Of the layer: ``points``, ``boxes`` or ``polygons``.
    form
        What was drawn or reshaped there, with any of napari's tools.
    before
        What it was; None for something new.
    lines
        Whether something new may be an open line.

    Returns
    -------
    Form or None
        Of boxes a rectangle, of outlines a polygon with its rings; None for what
        encloses nothing.
    """
    path = np.asarray(form.vertices, np.float64)
    if kind == "points":
        return Form(path)
    if kind == "boxes":
        if form.shape != "rectangle":
            path = _around(path)
        sides = np.linalg.norm(path[1] - path[0]), np.linalg.norm(path[3] - path[0])
        return Form(path, "rectangle") if min(sides) > 0 else None
    if form.shape == "ellipse":
        path = _ellipse(path)
    if form.rings:
        path = one_path(outline_of(form))
    elif before is not None and is_closed(before) and form.shape == "path":
        # a polygon that was drawn as a line: its first vertex is there twice
        path = path[:-1]
    elif form.shape == "path" and (lines if before is None else not is_closed(before)):
        return Form(path, "path") if len(path) >= 2 else None
    return Form(path, "polygon", form.rings) if len(path) >= 3 else None


def place_of(kind: str, form: Form) -> list[Any]:
    """Return where a mark is as `Mark.place` says it."""
    if kind == "points":
        return [float(at) for at in form.vertices[0]]
    if kind == "boxes":
        return _box_of(form.vertices)
    return [[ring.tolist() for ring in part] for part in outline_of(form)]


def outline_of(form: Form) -> Outline:
    """Return parts and rings of an outline, each ring not closed."""
    path = form.vertices
    if not form.rings:
        ring = path[:-1] if form.shape == "path" and is_closed(form) else path
        return ((ring,),)
    # each ring lies in the path with its first vertex once more
    sizes = [size for part in form.rings for size in part]
    starts = np.cumsum([0, *(size + 1 for size in sizes)]).tolist()
    rings = iter([path[at : at + n] for at, n in zip(starts[:-1], sizes, strict=True)])
    return tuple(tuple(next(rings) for _ in part) for part in form.rings)


def rings_after(before: Form, path: Vertices) -> Rings | None:
    """Return how many vertices rings have after one was added or taken away.

    Parameters
    ----------
    before
        The outline as it was.
    path
        Its vertices now.

    Returns
    -------
    tuple or None
        None where that cannot be told, or a ring encloses nothing any more.
    """
    more = len(path) - len(before.vertices)
    if not more or not before.rings:
        return before.rings
    short = min(len(path), len(before.vertices))
    same = (path[:short] == before.vertices[:short]).all(axis=1)
    at = short if same.all() else int(np.argmin(same))
    sizes = [size for part in before.rings for size in part]
    ends = np.cumsum([size + 1 for size in sizes]).tolist()
    if abs(more) > 1 or at > ends[-1]:
        return None
    # a first vertex that was taken away leaves its copy at the end of the ring
    hit = next(n for n, end in enumerate(ends) if at < end or end == ends[-1])
    sizes[hit] += more
    if sizes[hit] < 3:
        return None
    left = iter(sizes)
    return tuple(tuple(next(left) for _ in part) for part in before.rings)


def is_closed(form: Form) -> bool:
    """Whether a mark encloses something."""
    path = form.vertices
    return form.shape != "path" or (len(path) > 3 and bool((path[0] == path[-1]).all()))


def box_around(forms: Sequence[Form]) -> tuple[slice, ...]:
    """Return the pixels that some marks cover, for the history to show."""
    paths = np.concatenate([form.vertices for form in forms])
    low, high = np.floor(paths.min(axis=0)), np.ceil(paths.max(axis=0)) + 1
    pairs = zip(low.tolist(), high.tolist(), strict=True)
    return tuple(slice(int(start), int(stop)) for start, stop in pairs)


def moved_whole(before: Form, after: Form) -> bool:
    """Whether a mark was moved and kept its shape."""
    if before.vertices.shape != after.vertices.shape:
        return False
    way = after.vertices - before.vertices
    return bool(np.allclose(way, way[0], atol=1e-6))


def _around(path: Vertices) -> Vertices:
    (top, left), (low, right) = path.min(axis=0), path.max(axis=0)
    return np.array([[top, left], [top, right], [low, right], [low, left]])


def _ellipse(corners: Vertices) -> Vertices:
    across, down = (corners[1] - corners[0]) / 2, (corners[3] - corners[0]) / 2
    turn = np.linspace(0, 2 * np.pi, _AROUND_ELLIPSE, endpoint=False)[:, None]
    path: Vertices = corners.mean(axis=0) + across * np.cos(turn) + down * np.sin(turn)
    return path


def _box_of(corners: Vertices) -> list[float]:
    """Return upper, left, lower and right edge, and degrees clockwise."""
    sides = np.abs([b - a for a, b in pairwise([*corners, corners[0]])])
    if (sides.min(axis=1) < _UPRIGHT_PX).all():
        return [*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist(), 0.0]
    across, down = corners[1] - corners[0], corners[3] - corners[0]
    angle = float(np.rad2deg(np.arctan2(across[0], across[1])))
    # a box looks the same after half a turn
    angle = (angle + 90) % 180 - 90
    half = np.array([np.linalg.norm(down), np.linalg.norm(across)]) / 2
    middle = corners.mean(axis=0)
    return [*(middle - half).tolist(), *(middle + half).tolist(), angle]


def form_of(kind: str, place: Sequence[Any]) -> Form:
    """Return how a mark lies in a layer, from `Mark.place`; of outlines one path."""
    if kind == "points":
        return Form(np.array([place], np.float64))
    if kind == "boxes":
        box = Boxes(np.array([place[:4]], np.float64), angles=np.array(place[4:5]))
        return Form(corners_of_boxes(box)[0], "rectangle")
    rings = [np.array(ring, np.float64) for part in place for ring in part]
    return Form(np.concatenate(rings), "polygon")
