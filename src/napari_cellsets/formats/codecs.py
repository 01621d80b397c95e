"""Read pictures and masks of any known kind from a file tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.core.image import Picture
from napari_cellsets.formats import jpeg_bmp, limits, png, tiff
from napari_cellsets.formats.sniff import HEAD_BYTES, picture_kind, refuse_giant

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from napari_cellsets.formats.files import FileTree

_HEADER_BYTES = 256
_COLOUR_NAMES = ("red", "green", "blue", "alpha")


def read_picture(tree: FileTree, name: str) -> Picture:
    """Decode a picture in true depth and colour.

    Parameters
    ----------
    tree
        Where the file lies.
    name
        Its name there.

    Returns
    -------
    Picture
        uint8, uint16 or float32; axes ``yx``, ``yxc``, ``zyx`` or ``zyxc``.
        Colour is in RGB order. A constant alpha channel is dropped; one that
        varies stays as a fourth channel. Grey stored as RGB stays RGB.

    Raises
    ------
    UnreadableFileError
        If the file is missing, cut, damaged, too large or no picture.
    UnsafeArchiveError
        If it is a refused member of an archive.
    """
    place = tree.place(name)
    kind, content = _content(tree, name)
    if kind == "tiff":
        return _from_tiff(tiff.read(content, tree.size(name), place), place)
    scale = None
    if kind == "png":
        scale = _believable(png.check_chunks(content, place))  # type: ignore[arg-type]
    pixels = _without_alpha(_decoded(kind, content, place))  # type: ignore[arg-type]
    return Picture(
        pixels, "yx" if pixels.ndim == 2 else "yxc", _channels(pixels), scale
    )


def read_plane(tree: FileTree, name: str) -> np.ndarray:
    """Decode a mask as the numbers that are stored, with no conversion.

    Palette indices stay indices, 16 bits stay 16 bits. Colour keeps a last axis
    of channels in RGB order; alpha is dropped.

    Raises
    ------
    UnreadableFileError, UnsafeArchiveError
        As of `read_picture`.
    """
    place = tree.place(name)
    kind, content = _content(tree, name)
    if kind == "tiff":
        planes = tiff.read(content, tree.size(name), place)
        pixels, _ = _channels_last(planes.pixels, planes.axes, place)
        return pixels[..., :3] if planes.alpha else pixels
    if kind == "png":
        png.check_chunks(content, place)  # type: ignore[arg-type]
    pixels = _decoded(kind, content, place, raw=True)  # type: ignore[arg-type]
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        pixels = pixels[..., :-1]
    return pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels


def read_shape(tree: FileTree, name: str) -> tuple[int, ...]:
    """(y, x) or (z, y, x) of a picture, from its head where that is enough.

    Raises
    ------
    UnreadableFileError, UnsafeArchiveError
        As of `read_picture`.
    """
    place = tree.place(name)
    head = tree.head(name, _HEADER_BYTES)
    kind = picture_kind(head, place)
    if kind == "png":
        header = png.read_header(head, place, tree.size(name))
        return header.height, header.width
    _, content = _content(tree, name)
    if kind == "tiff":
        return tiff.read_shape(content, tree.size(name), place)
    return jpeg_bmp.read_shape(content, kind, place)  # type: ignore[arg-type]


def _content(tree: FileTree, name: str) -> tuple[str, bytes | Path]:
    """Kind and content; a path instead of content for TIFF on disk."""
    local = tree.local_path(name)
    place = tree.place(name)
    size = tree.size(name)
    if local is not None or size > limits.DECODED_RATIO_FROM_BYTES:
        kind = picture_kind(tree.head(name, HEAD_BYTES), place)
        if kind == "tiff" and local is not None:
            return kind, local
        if kind != "tiff":
            refuse_giant(1, size, size, kind, place)
    content = tree.read(name)
    return picture_kind(content[:HEAD_BYTES], place), content


def _decoded(kind: str, content: bytes, place: str, *, raw: bool = False) -> np.ndarray:
    if kind == "png":
        header = png.read_header(content, place)
        return (png.decode_plain if raw else png.decode)(content, header, place)
    return jpeg_bmp.decode(content, kind, place, raw=raw)


def _from_tiff(planes: tiff.TiffPlanes, place: str) -> Picture:
    import numpy as np

    pixels, axes = _channels_last(planes.pixels, planes.axes, place)
    if planes.colours is not None and pixels.dtype.kind == "u":
        pixels = (planes.colours[:, pixels] >> 8).astype(np.uint8)
        pixels, axes = np.moveaxis(pixels, 0, -1), f"{axes}c"
    if planes.white_is_zero and pixels.dtype.kind == "u":
        pixels = np.iinfo(pixels.dtype).max - pixels
    if planes.alpha:
        pixels = _without_alpha(pixels)
    pixels = _known_type(pixels)
    names = planes.channel_names or (_channels(pixels) if planes.rgb else ())
    if not axes.endswith("c") or len(names) != pixels.shape[-1]:
        names = ()
    return Picture(pixels, axes, names, planes.pixel_size_um)


def _channels_last(pixels: np.ndarray, axes: str, place: str) -> tuple[np.ndarray, str]:
    """Bring any axes to yx, yxc, zyx or zyxc; time and others count as z."""
    import numpy as np

    if axes.index("Y") > axes.index("X"):
        raise UnreadableFileError(
            f"the axes {axes!r} of this TIFF are not understood", path=place
        )
    has_channels = "C" in axes
    stacked = [i for i, letter in enumerate(axes) if letter not in "YXC"]
    order = [*stacked, axes.index("Y"), axes.index("X")]
    if has_channels:
        order.append(axes.index("C"))
    turned = pixels.transpose(order)
    plane = turned.shape[len(stacked) :]
    if len(stacked) > 1:
        turned = turned.reshape(-1, *plane)
    letters = ("z" if stacked else "") + "yx" + ("c" if has_channels else "")
    return np.ascontiguousarray(turned), letters


def _known_type(pixels: np.ndarray) -> np.ndarray:
    """uint8 and uint16 stay; other numbers become float32, bits become 0 and 255."""
    import numpy as np

    if pixels.dtype in (np.uint8, np.uint16):
        return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    if pixels.dtype == bool:
        return pixels.astype(np.uint8) * np.uint8(255)
    return pixels.astype(np.float32, copy=False)


def _without_alpha(pixels: np.ndarray) -> np.ndarray:
    if pixels.ndim < 3 or pixels.shape[-1] not in (2, 4) or pixels.dtype.kind != "u":
        return pixels
    alpha = pixels[..., -1]
    if alpha.size and alpha.min() != alpha.max():
        return pixels
    import numpy as np

    colour = np.ascontiguousarray(pixels[..., :-1])
    return colour[..., 0] if colour.shape[-1] == 1 else colour


def _channels(pixels: np.ndarray) -> tuple[str, ...]:
    count = pixels.shape[-1]
    return _COLOUR_NAMES[:count] if pixels.ndim > 2 and count in (3, 4) else ()


def _believable(metre: float | None) -> float | None:
    """Micrometres from a PNG's pixel size; print resolutions are no scale."""
    scale = metre * 1e6 if metre else None
    return scale if scale is not None and 0.001 <= scale <= 20 else None
