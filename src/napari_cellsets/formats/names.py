"""File names: which are pictures, which are junk, and in what order they come."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PICTURE_SUFFIXES = ("png", "tif", "tiff", "jpg", "jpeg", "bmp")
_PICTURE_ENDINGS = tuple(f".{suffix}" for suffix in PICTURE_SUFFIXES)

ARCHIVE_ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".7z")
"""Archives, which are folders to whoever looks for pictures."""
DATA_ENDINGS = (".mat",)
"""Files of arrays, which are folders of them where a row says so."""

JUNK_NAMES = frozenset(
    {"__macosx", "thumbs.db", "desktop.ini", "synapse_metadata_manifest.tsv"}
)
_DIGITS = re.compile(r"(\d+)")
# what Python makes of bytes of a name that are no letters
_NO_LETTERS = re.compile("[\udc80-\udcff]+")
_PADDED_DIGITS = 12


def is_junk(part: str) -> bool:
    """Whether one part of a path is left there by an operating system or a shop.

    Everything that starts with a dot is: ``.DS_Store``, ``._a.png``, ``.git``.
    """
    return part.startswith(".") or part.lower() in JUNK_NAMES


def is_picture_name(name: str) -> bool:
    """Whether the name ends as pictures do; says nothing about the content."""
    return name.lower().endswith(_PICTURE_ENDINGS)


def is_archive_name(name: str) -> bool:
    """Whether the name ends as archives do."""
    return name.lower().endswith(ARCHIVE_ENDINGS)


def without_archive_ending(name: str) -> str:
    """Name of a file or folder without the ending of an archive, if it has one."""
    lowered = name.lower()
    for ending in ARCHIVE_ENDINGS:
        if lowered.endswith(ending):
            return name[: -len(ending)]
    return name


def as_text(name: str) -> str:
    """Return a name on disk as text that tables, stores and windows can keep.

    Names on Linux are bytes, and need not be letters in UTF-8. Each byte that is none
    is written as in addresses of the web: ``caf%E9.png``.

    Parameters
    ----------
    name
        One or several names: a file, a path, or names by lines.
    """
    return _NO_LETTERS.sub(_as_numbers, name)


def _as_numbers(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in os.fsencode(found[0]))


def natural_order(names: Iterable[str]) -> list[str]:
    """Sort names as people count: ``2.png`` before ``10.png``.

    Parameters
    ----------
    names
        Paths without line breaks.

    Returns
    -------
    list of str
        Equal numbers with more leading zeros keep their plain text order.
    """
    plain = list(names)
    padded = natural_keys(plain)
    plain_of = dict(zip(padded, plain, strict=True))
    if len(plain_of) == len(plain):
        return [plain_of[key] for key in sorted(padded)]
    return [name for _, name in sorted(zip(padded, plain, strict=True))]


def natural_keys(names: Sequence[str]) -> list[str]:
    """Names with their numbers padded: as texts they sort as people count.

    Parameters
    ----------
    names
        Paths without line breaks.
    """
    if not names:
        return []
    # One split over the joined text: ten times fewer calls than a key a name.
    parts = _DIGITS.split("\n".join(names))
    parts[1::2] = [digits.zfill(_PADDED_DIGITS) for digits in parts[1::2]]
    return "".join(parts).split("\n")
