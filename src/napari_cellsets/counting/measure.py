"""Where objects are, how large, how round and how bright."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.counting.circularity import circularity
from napari_cellsets.counting.hull import solidity
from napari_cellsets.counting.numbers import numbered
from napari_cellsets.counting.runs import Runs, label_runs, strips

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.core.image import Picture


@dataclass(frozen=True, slots=True)
class ObjectTable:
    """One row an object, in the order of labels (plane by plane in a stack).

    Parameters
    ----------
    columns
        Equally long arrays by name: ``label``, ``plane`` (stacks only),
        ``area_px``, ``centroid_y``, ``centroid_x``, ``equivalent_diameter_px``,
        ``eccentricity``, ``bbox_top``, ``bbox_left``, ``bbox_bottom``,
        ``bbox_right`` (the last two one past the last pixel), one ``mean_...`` a
        channel, ``solidity`` and ``circularity`` where they were asked for, and
        ``area_um2``, ``centroid_y_um``, ``centroid_x_um``,
        ``equivalent_diameter_um`` where the scale is known.
    """

    columns: Mapping[str, np.ndarray]

    def __len__(self) -> int:
        """Return the number of objects."""
        return int(self.columns["label"].size)


def count(labels: np.ndarray, token: CancelToken | None = None) -> int:
    """Count the objects of a label image: its different numbers but 0.

    Parameters
    ----------
    labels
        Integer, shape (y, x) or (z, y, x).
    token
        Cancels between strips.

    Returns
    -------
    int
        Number of objects. A number that occurs in several planes counts once.

    Raises
    ------
    CellsetsError
        If the array is not a label image.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_cellsets.counting import count
    >>> count(np.array([[0, 1, 1], [7, 0, 1]]))
    2
    """
    planes = planes_of(labels)
    found = [np.unique(label_runs(plane, token)[1]) for plane in planes]
    return int(np.unique(np.concatenate(found)).size) if found else 0


def measure(
    labels: np.ndarray,
    picture: Picture | None = None,
    token: CancelToken | None = None,
    *,
    outline: bool = False,
) -> ObjectTable:
    """Measure every object.

    Centroids, moments and eccentricity are those of pixels with their centres at
    integers, as in scikit-image's ``regionprops``.

    Parameters
    ----------
    labels
        Integer, shape (y, x) or (z, y, x); a stack is measured plane by plane.
    picture
        Of the same planes; gives mean intensities and the scale.
    token
        Cancels between strips.
    outline
        Whether to tell solidity and circularity, too (see `hull` and `circularity`);
        this takes longer than all else.

    Returns
    -------
    ObjectTable
        Lengths in px, areas in px²; in micrometres too where the scale is known.

    Raises
    ------
    CellsetsError
        If the array is not a label image, or the picture has another size.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_cellsets.counting import measure
    >>> table = measure(np.array([[0, 1, 1], [7, 0, 0]]))
    >>> table.columns["area_px"].tolist()
    [2, 1]
    >>> table.columns["centroid_x"].tolist()
    [1.5, 0.0]
    """
    planes = planes_of(labels) or [np.zeros((0, 0), np.int32)]
    pictures = _picture_planes(picture, labels.shape)
    tables = []
    for z, plane in enumerate(planes):
        found = find_objects(plane, token)
        table = found.with_moments()
        if pictures and picture is not None:
            table.update(_means(found, pictures[z], picture, token))
        if outline:
            table.update(found.outlines(token))
        if labels.ndim == 3:
            where = np.full(table["label"].size, z, np.int64)
            table = {"label": table["label"], "plane": where, **table}
        tables.append(table)
    columns = {name: np.concatenate([t[name] for t in tables]) for name in tables[0]}
    return ObjectTable(_in_micrometres(columns, picture))


@dataclass(frozen=True, slots=True)
class FoundObjects:
    """Objects of a plane, with what can be told at once: where, and how large.

    Parameters
    ----------
    labels
        The plane.
    runs, index
        Runs of pixels, and the object of each, from 0.
    columns
        Of the table: numbers, areas, places, boxes.
    """

    labels: np.ndarray
    runs: Runs
    index: np.ndarray
    columns: Mapping[str, np.ndarray]

    def table(self, picture: Picture | None) -> ObjectTable:
        """Return the table as far as it is known; lengths by the picture's scale."""
        return ObjectTable(_in_micrometres(dict(self.columns), picture))

    def finished(
        self, picture: Picture | None, token: CancelToken | None = None
    ) -> ObjectTable:
        """Return the table with brightness and shape.

        Parameters
        ----------
        picture
            Of the plane, ``yx`` or ``yxc``; None for none.
        token
            Cancels between strips and rows.

        Raises
        ------
        CellsetsError
            If the picture has another size.
        CancelledError
            If the token was cancelled.
        """
        columns = self.with_moments()
        planes = _picture_planes(picture, (self.runs.height, self.runs.width))
        if planes and picture is not None:
            columns.update(_means(self, planes[0], picture, token))
        columns.update(self.outlines(token))
        return ObjectTable(_in_micrometres(columns, picture))

    def with_moments(self) -> dict[str, np.ndarray]:
        """Return the columns, with what second moments tell."""
        found: dict[str, np.ndarray] = {}
        for name, values in self.columns.items():
            if name == "bbox_top":  # boxes stand last
                found["eccentricity"] = _eccentricity(self)
            found[name] = values
        return found

    def outlines(self, token: CancelToken | None = None) -> dict[str, np.ndarray]:
        """Return what outlines tell: ``solidity`` and ``circularity``."""
        sides = ("bbox_top", "bbox_left", "bbox_bottom", "bbox_right")
        boxes = np.stack([self.columns[name] for name in sides], axis=1)
        numbers, area = self.columns["label"], self.columns["area_px"]
        return {
            "solidity": solidity(self.runs, self.index, boxes, area, token),
            "circularity": circularity(self.labels, numbers, area, token),
        }


def find_objects(labels: np.ndarray, token: CancelToken | None = None) -> FoundObjects:
    """Find the objects of a plane: where they are, and how large.

    Parameters
    ----------
    labels
        Integer, shape (y, x). Numbers below 1 are background. It may change while
        this runs: what is found is then of before or after, for each strip of it.
    token
        Cancels between strips.

    Raises
    ------
    CancelledError
        If the token was cancelled.
    """
    runs, values = label_runs(labels, token)
    if values.dtype.kind == "i" and values.size and values.min() < 0:
        runs, values = runs.chosen(values > 0), values[values > 0]
    numbers, index = numbered(values)
    columns: dict[str, np.ndarray] = {"label": numbers}
    columns.update(_places(runs, index, numbers.size))
    return FoundObjects(labels, runs, index, columns)


def planes_of(labels: np.ndarray) -> list[np.ndarray]:
    """Return the planes of a label image.

    Raises
    ------
    CellsetsError
        If it is no integer array of rank two or three.
    """
    if labels.ndim not in (2, 3) or labels.dtype.kind not in "iub":
        raise CellsetsError(
            f"an integer label image (y, x) or (z, y, x) was expected, found"
            f" {labels.dtype} {labels.shape}",
            advice="Give object numbers, 0 for background.",
        )
    return [labels] if labels.ndim == 2 else list(labels)


def _places(runs: Runs, index: np.ndarray, count: int) -> dict[str, np.ndarray]:
    """Moments of runs are sums of powers, so no pixel is looked at again."""
    from napari_cellsets.counting.split import bounding_boxes

    boxes = bounding_boxes(runs, index, count)
    length, row = runs.length, runs.row
    column = runs.start - row * runs.stride
    # twice the middle of a run is a whole number: no sum is rounded
    area, sum_y, twice_x = (
        np.bincount(index, weights=weights, minlength=count)
        for weights in (length, length * row, length * (2 * column + length - 1))
    )
    area_or_one = np.maximum(area, 1)
    return {
        "area_px": area.astype(np.int64),
        "centroid_y": sum_y / area_or_one,
        "centroid_x": twice_x / (2 * area_or_one),
        "equivalent_diameter_px": np.sqrt(4 * area / np.pi),
        "bbox_top": boxes[:, 0],
        "bbox_left": boxes[:, 1],
        "bbox_bottom": boxes[:, 2],
        "bbox_right": boxes[:, 3],
    }


def _eccentricity(found: FoundObjects) -> np.ndarray:
    """Of the ellipse with the same second moments; 0 for a single pixel."""
    runs, index, columns = found.runs, found.index, found.columns
    area = np.maximum(columns["area_px"], 1)
    n = runs.length.astype(np.float64)
    row = runs.row
    # From the centre, lest squares of large coordinates cancel badly.
    y = row - columns["centroid_y"][index]
    first = runs.start - row * runs.stride - columns["centroid_x"][index]
    middle = first + (n - 1) / 2
    yy, xx, xy = (
        np.bincount(index, weights=weights, minlength=area.size) / area
        for weights in (
            n * y * y,
            n * (middle * middle + (n * n - 1) / 12),
            n * y * middle,
        )
    )
    half = np.hypot((yy - xx) / 2, xy)
    long = np.maximum((yy + xx) / 2 + half, 0)
    short = np.maximum((yy + xx) / 2 - half, 0)
    flat = np.where(long > 1e-9, short / np.where(long > 1e-9, long, 1), 1)
    return np.asarray(np.sqrt(np.maximum(1 - flat, 0)))


def _means(
    found: FoundObjects,
    pixels: np.ndarray,
    picture: Picture,
    token: CancelToken | None,
) -> dict[str, np.ndarray]:
    """Add up the pixels of each run, then the runs of each object."""
    runs, area = found.runs, found.columns["area_px"]
    channels = pixels.shape[-1]
    sums = np.zeros((channels, area.size))
    # without the spare column a key is an index into the plane
    first, length = runs.start - runs.row, runs.length
    for rows in strips(runs.height, runs.width):
        if token is not None:
            token.raise_if_cancelled()
        offset = rows.start * runs.width
        some = slice(*np.searchsorted(first, (offset, rows.stop * runs.width)))
        if some.start == some.stop:
            continue
        # every second part is what lies between two runs
        cuts = np.empty(2 * (some.stop - some.start), np.int64)
        cuts[0::2] = first[some] - offset
        cuts[1::2] = cuts[0::2] + length[some]
        for c in range(channels):
            flat = np.append(pixels[rows, :, c], pixels.dtype.type(0))
            inside = np.add.reduceat(flat, cuts, dtype=np.float64)[::2]
            sums[c] += np.bincount(
                found.index[some], weights=inside, minlength=area.size
            )
    names = picture.channel_names or default_channel_names(picture)
    return {
        f"mean_{name}": sums[c] / np.maximum(area, 1) for c, name in enumerate(names)
    }


def default_channel_names(picture: Picture) -> tuple[str, ...]:
    """Return names for the channels of a picture whose file names none."""
    if picture.rgb:
        return ("red", "green", "blue")
    if picture.channel_count == 1:
        return ("intensity",)
    return tuple(f"channel_{c}" for c in range(picture.channel_count))


def _picture_planes(
    picture: Picture | None, shape: tuple[int, ...]
) -> list[np.ndarray] | None:
    if picture is None:
        return None
    pixels = picture.pixels
    if not picture.axes.endswith("c"):
        pixels = pixels[..., np.newaxis]
    if pixels.shape[:-1] != shape:
        raise CellsetsError(
            f"a picture of the size of the labels {shape} was expected, found"
            f" {pixels.shape[:-1]}",
            advice="Measure labels on the picture they were made from.",
        )
    return [pixels] if pixels.ndim == 3 else list(pixels)


def _in_micrometres(
    columns: dict[str, np.ndarray], picture: Picture | None
) -> dict[str, np.ndarray]:
    """Add lengths in micrometres where the scale is known."""
    size = None if picture is None else picture.pixel_size_um
    if size is None:
        return columns
    return {
        **columns,
        "area_um2": columns["area_px"] * size**2,
        "centroid_y_um": columns["centroid_y"] * size,
        "centroid_x_um": columns["centroid_x"] * size,
        "equivalent_diameter_um": columns["equivalent_diameter_px"] * size,
    }
