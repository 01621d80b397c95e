"""Measures kept up to date: after an edit only what it changed is measured again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.image import Picture
from napari_cellsets.counting.measure import ObjectTable, measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Box = tuple[slice, slice]

_SIDES = (("bbox_top", "bbox_bottom"), ("bbox_left", "bbox_right"))
_DOWN = ("centroid_y", "bbox_top", "bbox_bottom")
_RIGHT = ("centroid_x", "bbox_left", "bbox_right")


def remeasure(
    table: ObjectTable,
    labels: NDArray[np.integer],
    box: Box,
    picture: Picture | None = None,
    *,
    most_px: int | None = None,
) -> tuple[ObjectTable, NDArray[np.int64]] | None:
    """Bring measures up to date after something changed inside a box.

    Parameters
    ----------
    table
        From `measure`, of the labels as they were before.
    labels
        As they are now, (y, x).
    box
        Rows and columns that hold all that changed.
    picture
        The one that `table` was measured on.
    most_px
        Do nothing where more pixels than this would have to be looked at.

    Returns
    -------
    tuple of ObjectTable and numpy.ndarray, or None
        What `measure` would return of the whole, and the labels (int64, in order) of
        all objects that may have changed, come or gone. None beyond `most_px`.
    """
    known = table.columns["label"]
    touched = _touched(table, labels, box)
    gone = np.isin(known, touched)
    reach = around(table, gone, box)
    (top, bottom), (left, right) = ((side.start, side.stop) for side in reach)
    if most_px is not None and (bottom - top) * (right - left) > most_px:
        return None
    part = labels[reach]
    part = np.where(np.isin(part, touched), part, 0)
    seen = None if picture is None else _cut(picture, reach)
    columns = dict(measure(part, seen, outline="solidity" in table.columns).columns)
    size = 1.0 if picture is None else picture.pixel_size_um or 1.0
    for names, by in ((_DOWN, top), (_RIGHT, left)):
        for name in names:
            columns[name] = columns[name] + by
            if f"{name}_um" in columns:
                columns[f"{name}_um"] = columns[f"{name}_um"] + by * size
    order = np.argsort(np.concatenate([known[~gone], columns["label"]]), kind="stable")
    both = {
        name: np.concatenate([values[~gone], columns[name]])[order]
        for name, values in table.columns.items()
    }
    return ObjectTable(both), touched


def remeasure_planes(
    table: ObjectTable,
    labels: NDArray[np.integer],
    box: tuple[slice, slice, slice],
    picture: Picture | None = None,
    *,
    most_px: int | None = None,
) -> tuple[ObjectTable, NDArray[np.int64]] | None:
    """Bring measures of a stack up to date; as `remeasure`, plane by plane.

    Parameters
    ----------
    table
        With a column ``plane``.
    labels
        (z, y, x).
    box
        Planes, rows and columns.
    picture
        One of (y, x) that all planes were measured on.
    most_px
        Of each plane.
    """
    planes, rows, columns = box
    now, touched = dict(table.columns), [np.empty(0, np.int64)]
    for plane in range(planes.start, planes.stop):
        here = now["plane"] == plane
        part = {name: v[here] for name, v in now.items() if name != "plane"}
        flat = ObjectTable(part)
        found = remeasure(
            flat, labels[plane], (rows, columns), picture, most_px=most_px
        )
        if found is None:
            return None
        new = {**found[0].columns, "plane": np.full(len(found[0]), plane, np.int64)}
        now = {name: np.concatenate([v[~here], new[name]]) for name, v in now.items()}
        touched.append(found[1])
    return ObjectTable(now), np.unique(np.concatenate(touched))


def _touched(
    table: ObjectTable, labels: NDArray[np.integer], box: Box
) -> NDArray[np.int64]:
    """Return the labels of objects whose boxes meet a box, and of those inside."""
    rows, columns = box
    met = (
        (table.columns["bbox_top"] < rows.stop)
        & (table.columns["bbox_bottom"] > rows.start)
        & (table.columns["bbox_left"] < columns.stop)
        & (table.columns["bbox_right"] > columns.start)
    )
    inside = np.unique(labels[box])
    here = inside[inside > 0].astype(np.int64)
    return np.union1d(table.columns["label"][met], here)


def around(
    table: ObjectTable, chosen: NDArray[np.bool_], box: Box | None = None
) -> Box:
    """Return the box around all objects chosen, and around a box.

    Parameters
    ----------
    table
        From `measure`, of a plane.
    chosen
        Which of its rows; one at least where there is no box.
    box
        Rows and columns that it holds too.
    """
    sides = []
    for at, (first, last) in enumerate(_SIDES):
        starts, stops = table.columns[first][chosen], table.columns[last][chosen]
        if box is not None:
            starts, stops = (
                np.append(starts, box[at].start),
                np.append(stops, box[at].stop),
            )
        sides.append(slice(int(starts.min()), int(stops.max())))
    return sides[0], sides[1]


def _cut(picture: Picture, box: Box) -> Picture:
    return Picture(
        picture.pixels[box],
        picture.axes,
        picture.channel_names,
        picture.pixel_size_um,
    )
