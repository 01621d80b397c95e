"""Class masks: palette indices, plain numbers, or colours that stand for classes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.annotation import ClassMask
from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.codecs import read_plane
from napari_cellsets.formats.labels_io import as_labels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellsets.core.annotation import Colour
    from napari_cellsets.formats.files import FileTree

MOST_COLOURS = 256
"""More colours than this are a photograph, not classes."""


def read_classes(
    tree: FileTree, name: str, names: Mapping[int, str], colours: Mapping[int, Colour]
) -> ClassMask:
    """Read a class mask.

    Parameters
    ----------
    tree, name
        The file: palette or grey PNG, TIFF, BMP, or RGB.
    names, colours
        The table of classes. RGB pixels are matched with the colours; without a
        table each colour becomes a class, black being background.

    Raises
    ------
    UnreadableFileError
        If it is no picture of classes, or has a colour that no class has.
    """
    plane = read_plane(tree, name)
    if plane.ndim == 3 and plane.shape[2] == 3 and not _is_grey(plane):
        found, table = _from_colours(plane, colours, tree.place(name))
        return ClassMask(found, name, names, table)
    own = dict(colours) or _palette(tree, name, plane)
    classes = as_labels(plane, tree.place(name))
    return ClassMask(classes, name, names, own)


def _is_grey(plane: np.ndarray) -> bool:
    return bool((plane[..., :1] == plane).all())


def _from_colours(
    plane: np.ndarray, colours: Mapping[int, Colour], place: str
) -> tuple[np.ndarray, dict[int, Colour]]:
    if plane.dtype != np.uint8:
        raise UnreadableFileError(
            f"colours of 8 bits were expected, these are {plane.dtype}", path=place
        )
    wide = plane.astype(np.int32)
    packed = (wide[..., 0] << 16) | (wide[..., 1] << 8) | wide[..., 2]
    present, index = np.unique(packed, return_inverse=True)
    if len(present) > MOST_COLOURS:
        raise UnreadableFileError(
            f"this picture has {len(present):,} colours, a class mask a few",
            path=place,
            advice="JPEG packing scatters colours: take the PNG.",
        )
    table = {(r << 16) | (g << 8) | b: key for key, (r, g, b) in colours.items()}
    if not table:
        others = [value for value in present.tolist() if value]
        table = {value: key for key, value in enumerate(others, 1)}
    table.setdefault(0, 0)
    foreign = [value for value in present.tolist() if value not in table]
    if foreign:
        red, green, blue = (foreign[0] >> shift & 255 for shift in (16, 8, 0))
        raise UnreadableFileError(
            f"the colour ({red}, {green}, {blue}) belongs to no class",
            path=place,
            advice="Add it to classes.csv.",
        )
    lookup = np.array([table[value] for value in present.tolist()], np.int32)
    used = {
        key: (value >> 16 & 255, value >> 8 & 255, value & 255)
        for value, key in table.items()
        if key
    }
    return lookup[index].reshape(packed.shape), used


def _palette(tree: FileTree, name: str, plane: np.ndarray) -> dict[int, Colour]:
    """Colours of the indices that are there, of a palette PNG."""
    if plane.ndim != 2 or plane.dtype != np.uint8:
        return {}
    content = tree.read(name)
    if not content.startswith(b"\x89PNG") or content[25:26] != b"\x03":
        return {}
    from PIL import PngImagePlugin

    # decoded without complaint before, so its palette is whole
    with PngImagePlugin.PngImageFile(io.BytesIO(content)) as image:
        flat = image.getpalette() or []
    found: dict[int, Colour] = {}
    for key in np.unique(plane).tolist():
        if key and 3 * key + 2 < len(flat):
            red, green, blue = flat[3 * key : 3 * key + 3]
            found[key] = red, green, blue
    return found
