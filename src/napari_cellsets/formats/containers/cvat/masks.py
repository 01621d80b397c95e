"""Masks as run lengths the way CVAT writes them: along the rows of a crop.

The first run counts zeros. Runs stop at the last pixel that is set or go on to the
end of the crop; both are read.
"""

from __future__ import annotations

import numpy as np

from napari_cellsets.formats.containers.gather import MASK_PIXELS
from napari_cellsets.formats.containers.reading import BadObject


def decode_runs(text: str, shape: tuple[int, int]) -> np.ndarray:
    """Decode run lengths.

    Parameters
    ----------
    text
        Numbers with commas between them.
    shape
        Height and width of the crop.

    Returns
    -------
    ndarray
        bool, of that shape.

    Raises
    ------
    BadObject
        If a run is no number or negative, the runs are longer than the crop, or the
        crop is beyond belief.
    """
    height, width = shape
    if min(shape) <= 0 or height * width > MASK_PIXELS:
        raise BadObject(f"a mask of {height} x {width} pixels is beyond belief")
    try:
        runs = np.array([int(run) for run in text.split(",")], np.int64)
    except (ValueError, OverflowError):
        raise BadObject("its run lengths are no numbers") from None
    if (runs < 0).any() or (runs > height * width).any():
        raise BadObject("its run lengths leave the crop")
    if runs.sum() > height * width:
        raise BadObject("its run lengths are longer than the crop")
    values = np.zeros(len(runs), bool)
    values[1::2] = True
    flat = np.zeros(height * width, bool)
    filled = np.repeat(values, runs)
    flat[: len(filled)] = filled
    return flat.reshape(shape)


def encode_runs(mask: np.ndarray) -> str:
    """Encode a mask, shape (height, width), as run lengths; zeros first."""
    flat = np.asarray(mask, bool).ravel()
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    edges = np.concatenate([[0], changes, [flat.size]])
    runs = np.diff(edges).tolist()
    if flat.size and flat[0]:
        runs.insert(0, 0)
    return ", ".join(map(str, runs))
