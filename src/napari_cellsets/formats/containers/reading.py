"""What the readers of containers share: JSON, XML, numbers, rings, problems."""

from __future__ import annotations

import json
import math
from itertools import takewhile
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.files import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from xml.etree.ElementTree import Element

    import numpy as np

    from napari_cellsets.formats.files import FileTree

MOST_PROBLEMS = 200
"""Problems kept of one file; of a million broken objects nobody reads the rest."""
FARTHEST = 10_000_000.0
"""Coordinates beyond this are damage, not a picture."""
MOST_PIXELS = 4_000_000_000
"""Largest picture that a size in a file is believed."""


class BadObject(ValueError):
    """One object of a file cannot be understood; the text says why."""


class Notes:
    """Problems of one file, each told once, with the place in the file.

    Parameters
    ----------
    place
        How to call the file in messages, see `FileTree.place`.
    """

    def __init__(self, name: str, place: str) -> None:
        self.problems: list[Problem] = []
        self._name, self._place = name, place
        self._told: set[str] = set()

    def add(self, where: str, why: object) -> None:
        """Tell that something at one place of the file is left out, and why."""
        message = (
            f"{self._place}: {where}: {why}." if where else f"{self._place}: {why}."
        )
        if message in self._told or len(self.problems) > MOST_PROBLEMS:
            return
        self._told.add(message)
        if len(self.problems) == MOST_PROBLEMS:
            message = f"{self._place}: there are more problems of this kind."
        self.problems.append(Problem(self._name, message))


def load_json(tree: FileTree, name: str) -> Any:
    """Parse a JSON file.

    Raises
    ------
    UnreadableFileError
        If it cannot be read or is no JSON; the message says where.
    """
    content, place = tree.read(name), tree.place(name)
    try:
        return json.loads(content)
    except RecursionError as error:
        raise UnreadableFileError(
            "this JSON is nested too deeply to be annotations", path=place
        ) from error
    except ValueError as error:
        raise UnreadableFileError(
            f"this is no whole JSON file ({str(error)[:80]})",
            path=place,
            advice="Copy or download it again.",
        ) from error


def load_xml(tree: FileTree, name: str, tag: str = "") -> Element:
    """Parse an XML file; entities and outer files are refused.

    Parameters
    ----------
    tree, name
        The file.
    tag
        Name of its outermost element; empty for any.

    Raises
    ------
    UnreadableFileError
        If it cannot be read, is no XML, begins otherwise, or declares entities.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    content, place = tree.read(name), tree.place(name)
    try:
        root: Element = fromstring(content)
    except DefusedXmlException as error:
        raise UnreadableFileError(
            "this XML declares entities, which annotations never need",
            path=place,
            advice="Do not open it unless you trust where it comes from.",
        ) from error
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise UnreadableFileError(
            f"this is no whole XML file ({str(error)[:80]})",
            path=place,
            advice="Copy or download it again.",
        ) from error
    if tag and root.tag != tag:
        raise UnreadableFileError(
            f"this XML begins with <{root.tag[:40]}>, not with <{tag}>", path=place
        )
    return root


def number(value: object, what: str = "a number") -> float:
    """Return a finite number, from a number or the text of one.

    Raises
    ------
    BadObject
        If it is something else, not finite, or beyond `FARTHEST`.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadObject(f"{what} is {_short(value)}")
    try:
        found = float(value)
    except (ValueError, OverflowError):
        raise BadObject(f"{what} is {_short(value)}") from None
    if not math.isfinite(found) or abs(found) > FARTHEST:
        raise BadObject(f"{what} is {_short(value)}")
    return found


def whole(value: object, what: str = "a number") -> int:
    """Return a whole number; see `number`."""
    found = number(value, what)
    if found != int(found):
        raise BadObject(f"{what} is {_short(value)}")
    return int(found)


def size_of(height: object, width: object) -> tuple[int, int] | None:
    """Height and width in pixels, or None where they are no size."""
    try:
        found = whole(height), whole(width)
    except BadObject:
        return None
    if min(found) <= 0 or found[0] * found[1] > MOST_PIXELS:
        return None
    return found


def ring_of(
    xy: Sequence[Any] | np.ndarray, *, shift: float = -0.5, least: int = 3
) -> np.ndarray:
    """Return a ring of rows and columns from x and y as files give them.

    Parameters
    ----------
    xy
        ``[x1, y1, x2, y2, ...]`` or ``[[x1, y1], [x2, y2], ...]``.
    shift
        Added to both: -0.5 for formats that count from pixel corners.
    least
        Fewest points that make sense.

    Returns
    -------
    ndarray
        float64, shape (n, 2), without the last point where it repeats the first.

    Raises
    ------
    BadObject
        If there are too few points, or what is there are no finite numbers.
    """
    import numpy as np

    try:
        found = np.asarray(xy, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise BadObject("its coordinates are no numbers") from None
    if found.ndim == 1 and len(found) % 2:
        raise BadObject(f"{len(found)} coordinates are no pairs of x and y")
    if found.ndim == 1:
        found = found.reshape(-1, 2)
    if found.ndim != 2 or found.shape[1] != 2:
        raise BadObject("its coordinates are no pairs of x and y")
    if not (np.abs(found) <= FARTHEST).all():  # also where they are NaN
        raise BadObject("its coordinates are not finite or far outside")
    if least > 2 and len(found) > 1 and (found[0] == found[-1]).all():
        found = found[:-1]
    if len(found) < least:
        raise BadObject(f"{len(found)} points enclose nothing")
    return np.ascontiguousarray(found[:, ::-1] + shift)


_FILES: WeakKeyDictionary[FileTree, dict[str, list[str]]] = WeakKeyDictionary()


def files_of(tree: FileTree) -> Mapping[str, Sequence[str]]:
    """Names of a tree by their last part in small letters; made once a tree."""
    found = _FILES.get(tree)
    if found is None:
        found = {}
        for name in tree.names():
            found.setdefault(name.rpartition("/")[2].lower(), []).append(name)
        _FILES[tree] = found
    return found


def find_beside(
    tree: FileTree,
    near: str,
    wanted: str,
    folders: Sequence[str] = (),
    endings: Sequence[str] = (),
) -> str | None:
    """Find a file that another one speaks of.

    Parameters
    ----------
    tree, near
        The file that speaks.
    wanted
        What it calls the other: a path whose folders may be gone, with or without
        its ending.
    folders
        Names of folders beside `near` (or beside its folder) that come first.
    endings
        Endings to try where `wanted` has none of them: ``.png``.

    Returns
    -------
    str or None
        The nearest file of that name; None where there is none.
    """
    plain = wanted.replace("\\", "/").lstrip("./")
    base = plain.rpartition("/")[2].lower()
    known = files_of(tree)
    names = [base, *(base.rpartition(".")[0] + ending for ending in endings)]
    names += [base + ending for ending in endings]
    found = next((known[name] for name in names if name in known), None)
    if found is None:
        return None
    home = near.rpartition("/")[0]
    above = home.rpartition("/")[0]
    first = [
        f"{place}/{name}".strip("/") for place in (home, above) for name in folders
    ]

    told = f"/{plain.lower()}" if "/" in plain else ""

    def farness(name: str) -> tuple[bool, int, int]:
        folder = name.rpartition("/")[0]
        other = bool(told) and not f"/{name.lower()}".endswith(told)
        for rank, place in enumerate(first):
            if folder == place or folder.startswith(f"{place}/"):
                return other, rank, len(name)
        return other, 100 - _shared(folder, home), len(name)

    return min(found, key=farness)


def _shared(one: str, other: str) -> int:
    """Number of folders that two paths begin with alike."""
    pairs = zip(one.split("/"), other.split("/"), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def unique_ids(names: Iterable[str], *, start: int = 1) -> dict[int, str]:
    """Number class names that a file uses without ids, in order of first sight."""
    return dict(enumerate(dict.fromkeys(names), start))


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, str | int | float) else type(value).__name__
    return text if len(text) <= 40 else f"{text[:37]}..."
