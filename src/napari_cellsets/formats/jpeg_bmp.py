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
    """Decode a JPEG at the smallest scale that still covers `size` pixels."""
    import numpy as np

    with _opened(content, "jpeg", place) as image:
        try:
            image.draft("RGB", (size, size))
            return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
        except _FAULTS as error:
            raise _damaged("jpeg", place, error) from error


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
