"""File > Save Selected Layer: label layers as 16-bit PNG or as TIFF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def write_png(path: str, data: NDArray[Any], meta: Mapping[str, Any]) -> list[str]:
    """Write a Labels layer as 16-bit label PNG.

    Parameters
    ----------
    path
        Where to; an older file is replaced once the new one is whole.
    data
        Integers, (y, x).
    meta
        napari's description of the layer; not needed.

    Returns
    -------
    list of str
        What was written.

    Raises
    ------
    ExportError
        If the labels do not fit a PNG, or the place cannot be written.
    """
    from napari_cellsets.formats.labels_io import write_label_png

    write_label_png(Path(path), data)
    return [path]


def write_tiff(path: str, data: NDArray[Any], meta: Mapping[str, Any]) -> list[str]:
    """Write a Labels layer as label TIFF of 16 or 32 bits, as its labels need.

    Parameters
    ----------
    path, meta
        As for `write_png`.
    data
        Integers, (y, x) or (z, y, x).

    Returns
    -------
    list of str
        What was written.

    Raises
    ------
    ExportError
        If the place cannot be written.
    """
    from napari_cellsets.formats.labels_io import write_label_tiff

    write_label_tiff(Path(path), data)
    return [path]
