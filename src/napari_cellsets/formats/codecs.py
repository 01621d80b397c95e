"""Read pictures and masks of any known kind from a file tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.core.image import Picture
from napari_cellsets.formats import jpeg_bmp, limits, png, tiff
from napari_cellsets.formats.sniff import HEAD_BYTES, picture_kind, refuse_giant
from napari_cellsets.formats.sources import FileSource

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from napari_cellsets.formats.files import FileTree

_HEADER_BYTES = 256
_TAIL_BYTES = 4096
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
    found = _found(tree, name)
    if found.kind == "tiff":
        planes = tiff.read(found.source, tree.size(name), found.place)
        return _from_tiff(planes, found.place)
    scale = None
    if found.kind == "png":
        scale = _believable(png.check_chunks(found.content, found.place))
    pixels = _without_alpha(_decoded(found))
    axes = "yx" if pixels.ndim == 2 else "yxc"
    return Picture(pixels, axes, _channels(pixels), scale)


def read_plane(tree: FileTree, name: str) -> np.ndarray:
    """Decode a mask as the numbers that are stored, with no conversion.

    Palette indices stay indices, 16 bits stay 16 bits. Colour keeps a last axis
    of channels in RGB order; alpha is dropped.

    Raises
    ------
    UnreadableFileError, UnsafeArchiveError
        As of `read_picture`.
    """
    found = _found(tree, name)
    if found.kind == "tiff":
        planes = tiff.read(found.source, tree.size(name), found.place)
        pixels, _ = _channels_last(planes.pixels, planes.axes, found.place)
        has_alpha = planes.alpha
    else:
        if found.kind == "png":
            png.check_chunks(found.content, found.place)
        pixels = _decoded(found, raw=True)
        has_alpha = pixels.ndim == 3 and pixels.shape[2] in (2, 4)
    if has_alpha:
        pixels = pixels[..., :-1]
        pixels = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    return pixels


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
    found = _found(tree, name)
    if found.kind == "tiff":
        return tiff.read_shape(found.source, tree.size(name), place)
    return jpeg_bmp.read_shape(found.content, kind, place)


def check_ends(tree: FileTree, name: str) -> None:
    """Look at the head of a picture, and of a PNG on disk at its end too.

    Far cheaper than decoding; damage in the middle is not seen.

    Raises
    ------
    UnreadableFileError, UnsafeArchiveError
        If it is no picture, declares too much, or is cut off.
    """
    read_shape(tree, name)
    local, size = tree.local_path(name), tree.size(name)
    if local is None or picture_kind(tree.head(name, HEAD_BYTES), str(local)) != "png":
        return
    tail = FileSource(local).read_at(max(0, size - _TAIL_BYTES), _TAIL_BYTES)
    if b"IEND" not in tail:  # cut off, or something was added behind its end
        png.check_chunks(tree.read(name), tree.place(name))


@dataclass(frozen=True, slots=True)
class _Found:
    """Kind and bytes of a file; for a TIFF on disk its path instead of bytes."""

    place: str
    kind: str
    content: bytes = b""
    local: Path | None = None

    @property
    def source(self) -> bytes | Path:
        return self.local or self.content


def _found(tree: FileTree, name: str) -> _Found:
    local, place, size = tree.local_path(name), tree.place(name), tree.size(name)
    if local is not None or size > limits.DECODED_RATIO_FROM_BYTES:
        kind = picture_kind(tree.head(name, HEAD_BYTES), place)
        if kind == "tiff" and local is not None:
            return _Found(place, kind, local=local)
        if kind != "tiff":
            refuse_giant(1, size, size, kind, place)
    content = tree.read(name)
    return _Found(place, picture_kind(content[:HEAD_BYTES], place), content)


def _decoded(found: _Found, *, raw: bool = False) -> np.ndarray:
    if found.kind == "png":
        header = png.read_header(found.content, found.place)
        decode = png.decode_plain if raw else png.decode
        return decode(found.content, header, found.place)
    return jpeg_bmp.decode(found.content, found.kind, found.place, raw=raw)


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
        axes = axes[: pixels.ndim]
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
