"""Small pictures for lists: decoded at a reduced scale where the format can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.formats import jpeg_bmp
from napari_cellsets.formats.codecs import read_picture
from napari_cellsets.formats.sniff import HEAD_BYTES, picture_kind

if TYPE_CHECKING:
    import numpy as np

    from napari_cellsets.core.image import Picture
    from napari_cellsets.formats.files import FileTree

_DIM_BELOW = 128
_LOW_PERCENT, _HIGH_PERCENT = 0.5, 99.8


def read_thumbnail(tree: FileTree, name: str, size: int = 128) -> np.ndarray:
    """Decode a small picture.

    Parameters
    ----------
    tree, name
        The file.
    size
        Longer edge in pixels; smaller pictures are not enlarged.

    Returns
    -------
    ndarray
        uint8, shape (height, width, 3). 16-bit, float and dim pictures are
        stretched to what their pixels use.

    Raises
    ------
    UnreadableFileError, UnsafeArchiveError
        As of `codecs.read_picture`.
    """
    content = _jpeg(tree, name)
    if content is not None:
        pixels = jpeg_bmp.decode_small(content, size, tree.place(name))
    else:
        pixels = _middle_plane(read_picture(tree, name))
    return _stretched(_as_colour(shrunk(pixels, size)))


def in_colour(picture: Picture) -> np.ndarray:
    """Return a picture as a thumbnail shows it, at its own size.

    Returns
    -------
    ndarray
        uint8, shape (y, x, 3); of a stack the middle plane.
    """
    return _stretched(_as_colour(_middle_plane(picture)))


def _jpeg(tree: FileTree, name: str) -> bytes | None:
    """The file where it is a JPEG, else None; one so named is opened only once."""
    if name.lower().endswith((".jpg", ".jpeg")):
        content = tree.read(name)
        head = content[:HEAD_BYTES]
        return content if picture_kind(head, tree.place(name)) == "jpeg" else None
    kind = picture_kind(tree.head(name, HEAD_BYTES), tree.place(name))
    return tree.read(name) if kind == "jpeg" else None


def _middle_plane(picture: Picture) -> np.ndarray:
    if picture.axes.startswith("z"):
        plane: np.ndarray = picture.pixels[picture.pixels.shape[0] // 2]
        return plane
    return picture.pixels


def shrunk(pixels: np.ndarray, size: int) -> np.ndarray:
    """Scale pixels down to a longer edge of `size`; smaller ones stay as they are."""
    import cv2
    import numpy as np

    height, width = pixels.shape[:2]
    scale = size / max(height, width)
    if scale >= 1:
        return pixels
    # Taking every n-th pixel first keeps large pictures cheap; four samples
    # a target pixel are left for the average.
    step = max(1, int(1 / scale / 4))
    target = (max(1, round(width * scale)), max(1, round(height * scale)))
    coarse = np.ascontiguousarray(
        pixels[::step, ::step, ..., :4] if pixels.ndim == 3 else pixels[::step, ::step]
    )
    # Two neighbours tell all there is where less than half is dropped, and are
    # found six times faster than the average over an area.
    near = 2 * target[0] > coarse.shape[1] and 2 * target[1] > coarse.shape[0]
    way = cv2.INTER_LINEAR if near else cv2.INTER_AREA
    return np.asarray(cv2.resize(coarse, target, interpolation=way))


def _as_colour(pixels: np.ndarray) -> np.ndarray:
    import numpy as np

    if pixels.ndim == 2:
        return np.repeat(pixels[..., None], 3, axis=2)
    count = pixels.shape[2]
    if count >= 3:
        return pixels[..., :3]
    blank = np.zeros_like(pixels[..., :1])
    colour = np.concatenate([pixels, *[blank] * (3 - count)], axis=2)
    return np.asarray(colour)


def _stretched(pixels: np.ndarray) -> np.ndarray:
    import numpy as np

    if pixels.dtype == np.uint8 and pixels.max() >= _DIM_BELOW:
        return np.ascontiguousarray(pixels)
    finite = pixels[np.isfinite(pixels)] if pixels.dtype.kind == "f" else pixels
    if finite.size == 0:
        return np.zeros(pixels.shape, np.uint8)
    low, high = np.percentile(finite, (_LOW_PERCENT, _HIGH_PERCENT))
    if pixels.dtype == np.uint8:
        low = 0.0
    span = max(float(high) - float(low), 1e-12)
    scaled = (np.nan_to_num(pixels.astype(np.float32)) - low) * (255 / span)
    return np.asarray(np.clip(scaled, 0, 255), np.uint8)
