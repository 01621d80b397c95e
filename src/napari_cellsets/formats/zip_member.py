"""One member of a zip archive: found, inflated within its claim, checked."""

from __future__ import annotations

import bz2
import lzma
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, NamedTuple, Protocol

from napari_cellsets.core.errors import UnreadableFileError

if TYPE_CHECKING:
    from napari_cellsets.formats.sources import Source

_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_INFLATE_FAULTS = (zlib.error, OSError, ValueError, EOFError, lzma.LZMAError)
_STEP = 4 << 20
_LZMA_DICTIONARY = 256 << 20
_METHOD_NAMES = {9: "Deflate64", 93: "Zstandard", 95: "XZ", 98: "PPMd"}


class Member(NamedTuple):
    """Where a member lies and what it claims to be."""

    offset: int
    packed: int
    size: int
    method: int
    crc: int


class _Inflater(Protocol):
    def decompress(self, data: bytes, /, max_length: int = ...) -> bytes: ...


def stretch_of(source: Source, member: Member, place: str) -> int:
    """Return the offset of a member's packed bytes, from its local header."""
    # a damaged directory may say that a member begins before the archive does
    at = member.offset
    header = source.read_at(at, _LOCAL_HEADER.size) if at >= 0 else b""
    if len(header) < _LOCAL_HEADER.size or header[:4] != b"PK\x03\x04":
        raise _broken(place, "its header is missing")
    *_, name_length, extra_length = _LOCAL_HEADER.unpack(header)
    return int(member.offset + _LOCAL_HEADER.size + name_length + extra_length)


def take(source: Source, member: Member, place: str, head: int = -1) -> bytes:
    """Return a member's content, or only its first bytes.

    Parameters
    ----------
    source
        The archive.
    member
        What its directory says.
    place
        How to call it in messages.
    head
        Number of bytes wanted; -1 for all, which also checks the sum.

    Raises
    ------
    UnreadableFileError
        If it is packed in an unknown way, cut short, or its sum is wrong.
    """
    start = stretch_of(source, member, place)
    wanted = member.size if head < 0 else min(head, member.size)
    try:
        content = _unpack(source, start, member, wanted, place)
    except _INFLATE_FAULTS as error:
        raise _broken(place, str(error)) from error
    if len(content) < wanted:
        raise _broken(place, f"{len(content):,} of {member.size:,} bytes are there")
    if head < 0 and zlib.crc32(content) != member.crc:
        raise _broken(place, "its check sum is wrong")
    return content


def _unpack(
    source: Source, start: int, member: Member, wanted: int, place: str
) -> bytes:
    if member.method == zipfile.ZIP_STORED:
        return source.read_at(start, min(wanted, member.packed))
    inflater = _inflater(source, start, member.method, place)
    at = start + (_lzma_skip(source, start) if member.method == 14 else 0)
    end = start + member.packed
    pieces, have = [], 0
    step = _STEP if wanted == member.size else 16384
    while have < wanted and at < end:
        packed = source.read_at(at, min(step, end - at))
        if not packed:
            break
        at += len(packed)
        # never more than the member claimed, whatever its bytes would inflate to
        piece = inflater.decompress(packed, wanted - have)
        pieces.append(piece)
        have += len(piece)
        if getattr(inflater, "eof", False):
            break
    return b"".join(pieces)


def _inflater(source: Source, start: int, method: int, place: str) -> _Inflater:
    if method == zipfile.ZIP_DEFLATED:
        return zlib.decompressobj(-15)
    if method == zipfile.ZIP_BZIP2:
        return bz2.BZ2Decompressor()
    if method == zipfile.ZIP_LZMA:
        return _lzma_inflater(source.read_at(start + 4, 5))
    name = _METHOD_NAMES.get(method, f"method {method}")
    raise UnreadableFileError(
        f"this member is packed with {name}, which cannot be read in place",
        path=place,
        advice="Unpack the archive and open the folder.",
    )


def _lzma_inflater(properties: bytes) -> lzma.LZMADecompressor:
    """Make an inflater from the five bytes of the zip specification, 5.8.8."""
    packed, dictionary = struct.unpack("<BL", properties.ljust(5, b"\0"))
    rest, context = divmod(packed, 9)
    position, literal = divmod(rest, 5)
    one_filter = {
        "id": lzma.FILTER_LZMA1,
        "lc": context,
        "lp": literal,
        "pb": position,
        "dict_size": min(max(4096, dictionary), _LZMA_DICTIONARY),
    }
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[one_filter])


def _lzma_skip(source: Source, start: int) -> int:
    """Length of the two sizes and the properties before the packed bytes."""
    return 4 + int.from_bytes(source.read_at(start + 2, 2), "little")


def _broken(place: str, reason: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"this member of the archive is broken ({reason})",
        path=place,
        advice="Download the archive again.",
    )
