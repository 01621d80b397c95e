"""JPEG and BMP: strict about missing bytes, true to what is stored."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.sniff import refuse_giant

if TYPE_CHECKING:
    import numpy as np
    from PIL.ImageFile import ImageFile

_FAULTS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    KeyError,
    IndexError,
    TypeError,
    OverflowError,
    ZeroDivisionError,
    MemoryError,
    struct.error,
)
_END_OF_JPEG = b"\xff\xd9"
_MARKER, _SCAN, _FRAMES = 0xFF, 0xDA, (0xC0, 0xC1, 0xC2)
_SEGMENTS_FROM = 0xC0


def read_shape(content: bytes, kind: str, place: str) -> tuple[int, int]:
    """Height and width, without decoding."""
    with _opened(content, kind, place) as image:
        return image.height, image.width


def decode(content: bytes, kind: str, place: str, *, raw: bool = False) -> np.ndarray:
    """Decode to uint8 (y, x) or (y, x, c); the stored orientation is kept.

    Parameters
    ----------
    content
        The whole file.
    kind
        ``jpeg`` or ``bmp``.
    place
        How to call the file in messages.
    raw
        Keep palette indices as they are.

    Raises
    ------
    UnreadableFileError
        If bytes are missing or wrong.
    """
    import numpy as np

    with _opened(content, kind, place) as image:
        try:
            if image.mode not in ("L", "RGB") and not (raw and image.mode == "P"):
                return np.asarray(image.convert("L" if image.mode == "1" else "RGB"))
            return np.asarray(image)
        except _FAULTS as error:
            raise _damaged(kind, place, error) from error


def decode_small(content: bytes, size: int, place: str) -> np.ndarray:
    """Decode a JPEG at the smallest scale whose longer edge still has `size` pixels.

    Returns
    -------
    ndarray
        uint8, shape (y, x, 3); the stored orientation is kept.

    Raises
    ------
    UnreadableFileError
        If bytes are missing or wrong.
    """
    pixels = _decoded_at_once(content, size, place)
    return _decoded_strictly(content, size, place) if pixels is None else pixels


def _decoded_at_once(content: bytes, size: int, place: str) -> np.ndarray | None:
    """Decode a common, whole JPEG in one call that lets go of Python's lock.

    None where Pillow must judge: other colours than grey and RGB, and what is cut
    off, which OpenCV fills with grey and says nothing.
    """
    import cv2
    import numpy as np

    frame = _frame(content) if content.endswith(_END_OF_JPEG) else None
    if frame is None or frame[2] not in (1, 3):
        return None
    height, width, bands = frame
    pixels = height * width
    refuse_giant(pixels, pixels * bands, len(content), "jpeg", place)
    ways = {
        8: cv2.IMREAD_REDUCED_COLOR_8,
        4: cv2.IMREAD_REDUCED_COLOR_4,
        2: cv2.IMREAD_REDUCED_COLOR_2,
        1: cv2.IMREAD_COLOR,
    }
    way = ways[_divisor(height, width, size)] | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        bgr = cv2.imdecode(np.frombuffer(content, np.uint8), way)
    except cv2.error:
        return None
    return None if bgr is None else cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def _decoded_strictly(content: bytes, size: int, place: str) -> np.ndarray:
    import numpy as np

    with _opened(content, "jpeg", place) as image:
        try:
            by = _divisor(image.height, image.width, size)
            image.draft("RGB", (image.width // by, image.height // by))
            return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
        except _FAULTS as error:
            raise _damaged("jpeg", place, error) from error


def _divisor(height: int, width: int, size: int) -> int:
    """By how much a JPEG can be reduced in decoding, of 1, 2, 4 and 8."""
    return next((by for by in (8, 4, 2) if max(height, width) >= by * size), 1)


def _frame(content: bytes) -> tuple[int, int, int] | None:
    """Height, width and number of colours, of the frame header (ITU T.81, B.2.2).

    None where it is not that of a baseline, extended or progressive JPEG of 8 bits.
    """
    at = 2
    while at + 10 <= len(content) and content[at] == _MARKER:
        kind = content[at + 1]
        if kind in _FRAMES:
            bits, height, width, bands = struct.unpack_from(">BHHB", content, at + 4)
            return (height, width, bands) if bits == 8 else None
        if not _SEGMENTS_FROM <= kind < _MARKER or kind == _SCAN:
            return None
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return None


def _opened(content: bytes, kind: str, place: str) -> ImageFile:
    # The plug-ins themselves: Image.open warns of large pictures by a global switch.
    from PIL import BmpImagePlugin, JpegImagePlugin

    plugin = {
        "jpeg": JpegImagePlugin.JpegImageFile,
        "bmp": BmpImagePlugin.BmpImageFile,
    }[kind]
    try:
        image = plugin(io.BytesIO(content))
    except _FAULTS as error:
        raise _damaged(kind, place, error) from error
    pixels = image.width * image.height
    bands = len(image.getbands())
    refuse_giant(pixels, pixels * bands, len(content), kind, place)
    return image


def _damaged(kind: str, place: str, error: BaseException) -> UnreadableFileError:
    said = str(error).split("\n")[0][:120]
    return UnreadableFileError(
        f"this {kind.upper()} picture is damaged or cut off ({said})",
        path=place,
        advice="Copy or download it again.",
    )
