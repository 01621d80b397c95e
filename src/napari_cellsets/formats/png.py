"""PNG: every depth and colour type, checked before it is decoded."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.sniff import refuse_giant

if TYPE_CHECKING:
    import numpy as np

GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
_SAMPLES = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGB_ALPHA: 4}
_DEPTHS = (1, 2, 4, 8, 16)
_SIGNATURE = 8
_AGAIN = "Copy or download it again."


@dataclass(frozen=True, slots=True)
class PngHeader:
    """What the head of a PNG file declares."""

    width: int
    height: int
    depth: int
    colour: int
    pixel_size_um: float | None = None


def read_header(content: bytes, place: str, packed: int | None = None) -> PngHeader:
    """Read size and colour type from the first 33 bytes.

    Parameters
    ----------
    content
        The file, or its beginning.
    place
        How to call the file in messages.
    packed
        Size of the whole file where `content` is only its beginning.

    Raises
    ------
    UnreadableFileError
        If the head is cut, damaged, or declares too much.
    """
    if len(content) < 33 or content[12:16] != b"IHDR":
        raise _damaged(place, "its head is cut off")
    if zlib.crc32(content[12:29]) != int.from_bytes(content[29:33], "big"):
        raise _damaged(place, "its head has a wrong check sum")
    width, height, depth, colour = struct.unpack(">LLBB", content[16:26])
    if colour not in _SAMPLES or depth not in _DEPTHS:
        raise _damaged(place, f"depth {depth} with colour type {colour} is unknown")
    decoded = width * height * _SAMPLES[colour] * max(8, depth) // 8
    size = len(content) if packed is None else packed
    refuse_giant(width * height, decoded, size, "png", place)
    return PngHeader(width, height, depth, colour)


def check_chunks(content: bytes, place: str) -> float | None:
    """Verify the sums of all chunks; return the pixel size in metres if told.

    Decoders forgive damage in ways that look like a picture: grey stripes,
    shifted lines. The sums tell damage for certain.

    Raises
    ------
    UnreadableFileError
        If the file is cut off or a sum is wrong.
    """
    at, metre = _SIGNATURE, None
    view = memoryview(content)
    while at + 12 <= len(content):
        length = int.from_bytes(view[at : at + 4], "big")
        end = at + 8 + length
        kind = bytes(view[at + 4 : at + 8])
        if end + 4 > len(content):
            break
        if zlib.crc32(view[at + 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
            raise _damaged(place, "a part of it has a wrong check sum")
        if kind == b"pHYs" and length == 9:
            x_count, y_count, unit = struct.unpack(">LLB", view[at + 8 : end])
            metre = 1 / x_count if unit == 1 and x_count == y_count > 0 else None
        if kind == b"IEND":
            return metre
        at = end + 4
    raise _damaged(place, "it is cut off")


def decode(content: bytes, header: PngHeader, place: str) -> np.ndarray:
    """Decode to (y, x) or (y, x, c), RGB order, uint8 or uint16.

    Palettes become RGB; grey with transparency becomes (y, x, 2).

    Raises
    ------
    UnreadableFileError
        If the pixels cannot be decoded.
    """
    import cv2
    import numpy as np

    # Pillow reduces 16-bit colour to 8 bits; OpenCV keeps it and is faster.
    flags = cv2.IMREAD_UNCHANGED
    in_order = header.colour == RGB and hasattr(cv2, "IMREAD_COLOR_RGB")
    if in_order:
        flags = (
            cv2.IMREAD_COLOR_RGB | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
        )
    try:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except (cv2.error, MemoryError) as error:
        raise _damaged(place, "its pixels cannot be decoded") from error
    if pixels is None or pixels.shape[:2] != (header.height, header.width):
        raise _damaged(place, "its pixels cannot be decoded")
    if pixels.ndim == 2 or in_order:
        return np.asarray(pixels)
    if header.colour == GREY_ALPHA:
        return np.ascontiguousarray(pixels[..., [0, 3]])
    code = cv2.COLOR_BGR2RGB if pixels.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
    return np.asarray(cv2.cvtColor(pixels, code))


def decode_plain(content: bytes, header: PngHeader, place: str) -> np.ndarray:
    """Decode as `decode`, but keep palette indices and small depths as numbers."""
    import numpy as np
    from PIL import PngImagePlugin

    if header.colour != PALETTE and header.depth >= 8:
        return decode(content, header, place)
    if header.colour == GREY and header.depth in (2, 4):
        scaled = decode(content, header, place)
        return np.asarray(scaled // (255 // (2**header.depth - 1)))
    try:
        # the plug-in itself: Image.open would warn of large pictures
        with PngImagePlugin.PngImageFile(io.BytesIO(content)) as image:
            return np.asarray(image).astype(np.uint8)
    except (OSError, SyntaxError, ValueError, struct.error, zlib.error) as error:
        raise _damaged(place, "its pixels cannot be decoded") from error


def _damaged(place: str, reason: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"this PNG picture is damaged: {reason}", path=place, advice=_AGAIN
    )
