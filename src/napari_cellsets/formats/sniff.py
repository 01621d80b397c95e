"""What a file is, told by its first bytes and never by its name."""

from __future__ import annotations

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats import limits

HEAD_BYTES = 64

_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"BM", "bmp"),
)
_OTHERS = (
    (b"\x00\x00\x00\x01Bud1", "a macOS Finder file"),
    (b"PK\x03\x04", "a zip archive"),
    (b"%PDF", "a PDF document"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a WebP picture or another RIFF file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a numpy array"),
    (b"\x00\x05\x16\x07", "a macOS side file"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself"),
    (b"{", "a JSON text"),
)
_WANTED = "PNG, TIFF, JPEG and BMP pictures can be read."


def picture_kind(head: bytes, place: str) -> str:
    """Return ``png``, ``tiff``, ``jpeg`` or ``bmp``.

    Parameters
    ----------
    head
        The first `HEAD_BYTES` bytes of the file, or more.
    place
        How to call the file in messages.

    Raises
    ------
    UnreadableFileError
        If it is none of these; the message says what it is instead.
    """
    for start, kind in _PICTURES:
        if head.startswith(start):
            return kind
    raise UnreadableFileError(
        f"this is no picture but {_what_else(head)}", path=place, advice=_WANTED
    )


def _what_else(head: bytes) -> str:
    if not head:
        return "an empty file"
    for start, kind in _OTHERS:
        if head.startswith(start):
            return kind
    text = head.lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page, perhaps the error page of a download"
    if text.startswith(b"<"):
        return "an XML text"
    return "something unknown"


def refuse_giant(pixels: int, decoded: int, packed: int, kind: str, place: str) -> None:
    """Raise where a picture declares more than its bytes can hold.

    Parameters
    ----------
    pixels
        Declared number of pixels, all planes.
    decoded, packed
        Bytes when decoded, bytes of the file.
    kind
        As of `picture_kind`.
    place
        How to call the file in messages.

    Raises
    ------
    UnreadableFileError
        If a limit of `limits` is passed.
    """
    if pixels <= 0:
        raise UnreadableFileError("the picture declares no pixels", path=place)
    is_tiff = kind == "tiff"
    too_many = (
        pixels > limits.TIFF_PIXELS if is_tiff else decoded > limits.DECODED_BYTES
    )
    if too_many:
        raise UnreadableFileError(
            f"the picture declares {pixels:,} pixels; {_at_most(kind)}",
            path=place,
            advice="Cut it into parts, or save it as tiled TIFF.",
        )
    ratio = limits.TIFF_RATIO if is_tiff else limits.DECODED_RATIO
    large = decoded > (
        limits.TIFF_RATIO_FROM_BYTES if is_tiff else limits.DECODED_RATIO_FROM_BYTES
    )
    if large and decoded > ratio * packed:
        raise UnreadableFileError(
            f"the picture declares {pixels:,} pixels in a file of {packed:,} bytes",
            path=place,
            advice="It is damaged or made to exhaust memory; if it is yours, "
            "save it as TIFF.",
        )


def _at_most(kind: str) -> str:
    if kind == "tiff":
        return f"{limits.TIFF_PIXELS:,} pixels are the most for TIFF"
    return f"{limits.DECODED_BYTES >> 30} GiB decoded are the most for {kind.upper()}"
