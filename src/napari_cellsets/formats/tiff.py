"""TIFF: planes and stacks, with the scale that microscopes write into them."""

from __future__ import annotations

import io
import math
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.sniff import refuse_giant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np

_LARGEST_SCALE_UM = 20.0
_SMALLEST_SCALE_UM = 0.001
_UM_OF_UNIT = {2: 25_400.0, 3: 10_000.0}
_UM_OF_WORD = {
    "um": 1.0,
    "µm": 1.0,
    "\\u00b5m": 1.0,
    "micron": 1.0,
    "microns": 1.0,
    "nm": 1e-3,
    "mm": 1e3,
    "cm": 1e4,
    "inch": 25_400.0,
}
_WHITE_IS_ZERO, _RGB, _PALETTE, _YCBCR = 0, 2, 3, 6
_ALPHA = (1, 2)
_PLAIN_PACKING = (1, 8, 32946, 32773, 34925)
"""None, Deflate (two numbers), PackBits, LZMA: tifffile needs no help for these."""
_OPEN_FAULTS = (
    ValueError,
    OSError,
    struct.error,
    zlib.error,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
    SyntaxError,
    MemoryError,
    Warning,
    ImportError,
    EOFError,
)


@dataclass(frozen=True, slots=True)
class TiffPlanes:
    """Decoded pixels in the order of `axes`, and what the file says of them.

    Parameters
    ----------
    pixels, axes
        One letter an axis, as tifffile names them; C for channels and samples.
    pixel_size_um
        Edge of a pixel, where a believable one is told.
    rgb, alpha
        Whether channels are colours, and whether transparency follows them.
    white_is_zero
        Whether numbers count from white to black.
    colours
        Palette, shape (3, entries), uint16.
    channel_names
        Names of OME channels, as many as are named.
    """

    pixels: np.ndarray
    axes: str
    pixel_size_um: float | None
    rgb: bool
    alpha: bool
    white_is_zero: bool
    colours: np.ndarray | None
    channel_names: tuple[str, ...]


def read_shape(source: bytes | Path, packed: int, place: str) -> tuple[int, ...]:
    """Planes (where there are several), height and width, without decoding.

    Raises
    ------
    UnreadableFileError
        As of `read`.
    """
    import numpy as np
    import tifffile

    try:
        # numbers of damaged tags overflow: that is damage, no reason to warn
        with np.errstate(all="ignore"), tifffile.TiffFile(_opened(source)) as tiff:
            axes, shape = _series(tiff, packed, place)[1:]
    except _OPEN_FAULTS as error:
        raise _damaged(place, error) from error
    planes = math.prod(shape[i] for i, axis in enumerate(axes) if axis not in "CYX")
    plane = (shape[axes.index("Y")], shape[axes.index("X")])
    return (planes, *plane) if set(axes) - set("CYX") else plane


def read(source: bytes | Path, packed: int, place: str) -> TiffPlanes:
    """Decode the first series of a TIFF file.

    Parameters
    ----------
    source
        Content, or a path (large files are then not read twice).
    packed
        Size of the file in bytes.
    place
        How to call the file in messages.

    Raises
    ------
    UnreadableFileError
        If it is cut, damaged, packed in an unknown way, or declares too much.
    """
    import numpy as np
    import tifffile

    try:
        # numbers of damaged tags overflow: that is damage, no reason to warn
        with np.errstate(all="ignore"), tifffile.TiffFile(_opened(source)) as tiff:
            series, axes, shape = _series(tiff, packed, place)
            page = series.keyframe
            if page.compression in _PLAIN_PACKING:
                pixels = series.asarray().reshape(shape)
            else:
                pixels = _decode_otherwise(source, page, shape)
            return _described(tiff, page, pixels, axes)
    except _OPEN_FAULTS as error:
        raise _damaged(place, error) from error


def read_pages(source: bytes | Path, packed: int, place: str) -> Iterator[np.ndarray]:
    """Decode a TIFF page by page, so that a long stack needs little memory.

    Parameters
    ----------
    source, packed, place
        As of `read`.

    Yields
    ------
    ndarray
        The pixels of one page, shape (y, x) or (y, x, c).

    Raises
    ------
    UnreadableFileError
        As of `read`.
    """
    import numpy as np
    import tifffile

    try:
        with np.errstate(all="ignore"), tifffile.TiffFile(_opened(source)) as tiff:
            seen: set[int] = set()
            for page in tiff.pages:
                if page.offset in seen:
                    raise ValueError("its pages lead back to an earlier one")
                seen.add(page.offset)
                _refuse(page.shape, page.dtype, packed, place)
                yield np.asarray(page.asarray())
    except _OPEN_FAULTS as error:
        raise _damaged(place, error) from error


def _described(tiff: Any, page: Any, pixels: np.ndarray, axes: str) -> TiffPlanes:
    """Add what the file says of its pixels."""
    said = _ome(tiff)
    kind = int(page.photometric)
    return TiffPlanes(
        pixels,
        axes,
        _believable(_ome_scale(said) or _tag_scale(tiff, page)),
        rgb=kind in (_RGB, _PALETTE, _YCBCR),
        alpha=bool(page.extrasamples) and page.extrasamples[-1] in _ALPHA,
        white_is_zero=kind == _WHITE_IS_ZERO,
        colours=_palette(page, pixels) if kind == _PALETTE else None,
        channel_names=_ome_channels(said),
    )


def _opened(source: bytes | Path) -> Any:
    return io.BytesIO(source) if isinstance(source, bytes) else source


def _series(tiff: Any, packed: int, place: str) -> tuple[Any, str, tuple[int, ...]]:
    """Return the first series, its axes and shape, checked against its bytes."""
    first = tiff.pages.first
    text = (getattr(first, "description", "") or "")[:4000]
    if "<!ENTITY" in text or "<!DOCTYPE" in text:
        raise UnreadableFileError(
            "the OME header of this picture declares XML entities",
            path=place,
            advice="Save it again without its metadata.",
        )
    _refuse(first.shape, first.dtype, packed, place)
    series = tiff.series[0]
    _refuse(series.shape, series.dtype, packed, place)
    axes, shape = series.axes, tuple(int(length) for length in series.shape)
    kept = [i for i, letter in enumerate(axes) if shape[i] > 1 or letter in "YX"]
    axes = "".join(axes[i] for i in kept).replace("S", "C")
    shape = tuple(shape[i] for i in kept)
    if axes.count("Y") != 1 or axes.count("X") != 1 or axes.count("C") > 1:
        raise UnreadableFileError(
            f"the axes {series.axes!r} of this TIFF are not understood",
            path=place,
            advice="Save it as a plain stack of planes.",
        )
    return series, axes, shape


def _refuse(shape: tuple[int, ...], dtype: Any, packed: int, place: str) -> None:
    if dtype is None or dtype.kind not in "buif":
        raise UnreadableFileError(
            f"the pixels of this TIFF are of the type {dtype}",
            path=place,
            advice="Save it with 8, 16 or 32 bits a sample.",
        )
    pixels = math.prod(shape)
    refuse_giant(pixels, pixels * dtype.itemsize, packed, "tiff", place)


def _decode_otherwise(
    source: bytes | Path, page: Any, shape: tuple[int, ...]
) -> np.ndarray:
    """LZW, JPEG and others, which tifffile needs a further package for."""
    import numpy as np

    content = source if isinstance(source, bytes) else source.read_bytes()
    plain = int(page.photometric) != _PALETTE and int(page.samplesperpixel) != 2
    planes = _by_opencv(content) if plain else _by_pillow(content)
    pixels = (np.stack(planes) if len(planes) > 1 else planes[0]).reshape(shape)
    if int(page.photometric) == _WHITE_IS_ZERO and pixels.dtype.kind == "u":
        pixels = np.iinfo(pixels.dtype).max - pixels  # back to what is stored
    return pixels > 0 if page.bitspersample == 1 else np.asarray(pixels)


def _by_opencv(content: bytes) -> list[np.ndarray]:
    import cv2
    import numpy as np

    flags = cv2.IMREAD_UNCHANGED
    try:
        good, planes = cv2.imdecodemulti(np.frombuffer(content, np.uint8), flags)
    except cv2.error as error:
        raise ValueError(str(error)) from error
    if not good or not planes:
        raise ValueError("its packing is not known")
    return [
        plane if plane.ndim == 2 else plane[..., [2, 1, 0, *range(3, plane.shape[2])]]
        for plane in planes
    ]


def _by_pillow(content: bytes) -> list[np.ndarray]:
    """Palettes and grey with transparency, which OpenCV turns into colour."""
    import numpy as np
    from PIL import TiffImagePlugin

    planes = []
    with TiffImagePlugin.TiffImageFile(io.BytesIO(content)) as image:
        for number in range(image.n_frames):
            image.seek(number)
            planes.append(np.array(image))
    return planes


def _palette(page: Any, pixels: np.ndarray) -> np.ndarray:
    """Colours of a palette picture, shape (3, entries)."""
    import numpy as np

    colours = np.asarray(page.colormap)
    if colours.ndim != 2 or len(colours) != 3 or pixels.max() >= colours.shape[1]:
        raise ValueError("its palette does not fit its pixels")
    return colours


def _believable(scale: float | None) -> float | None:
    """Edge of a pixel in micrometres, where it can be one of a microscope.

    Screen and print resolutions (72 to 1200 dots an inch, 21 um and more) are
    no scale of a microscope.
    """
    if scale is None or not _SMALLEST_SCALE_UM <= scale <= _LARGEST_SCALE_UM:
        return None
    return scale


def _ome(tiff: Any) -> list[Any]:
    """Elements of the OME header; empty where there is none."""
    if not tiff.is_ome or not tiff.ome_metadata:
        return []
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        return list(fromstring(tiff.ome_metadata).iter())
    except (ParseError, ValueError):
        return []


def _ome_scale(elements: list[Any]) -> float | None:
    for element in elements:
        if element.tag.rpartition("}")[2] == "Pixels":
            size = element.get("PhysicalSizeX")
            factor = _UM_OF_WORD.get(element.get("PhysicalSizeXUnit", "µm"))
            return float(size) * factor if size and factor else None
    return None


def _ome_channels(elements: list[Any]) -> tuple[str, ...]:
    named = [e for e in elements if e.tag.rpartition("}")[2] == "Channel"]
    return tuple(element.get("Name", "") for element in named if element.get("Name"))


def _tag_scale(tiff: Any, page: Any) -> float | None:
    tags = page.tags
    if "XResolution" not in tags or "YResolution" not in tags:
        return None
    x_count, x_of = tags["XResolution"].value
    if tags["XResolution"].value != tags["YResolution"].value or not x_count:
        return None
    per_unit = x_count / x_of if x_of else 0.0
    said = (tiff.imagej_metadata or {}).get("unit", "") if tiff.is_imagej else ""
    factor = _UM_OF_WORD.get(str(said).lower())
    if factor is None and "ResolutionUnit" in tags:
        factor = _UM_OF_UNIT.get(int(tags["ResolutionUnit"].value))
    return factor / per_unit if factor and per_unit else None


def _damaged(place: str, error: BaseException) -> UnreadableFileError:
    said = str(error).split("\n")[0][:120] or type(error).__name__
    return UnreadableFileError(
        f"this TIFF picture cannot be decoded ({said})",
        path=place,
        advice="Copy or download it again; if it is whole, save it without packing.",
    )
