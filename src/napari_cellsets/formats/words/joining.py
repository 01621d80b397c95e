"""Which of a container's items is a picture: by path, by name, by stem.

Files of annotations name their pictures with folders, without, with folders that are
no more, and with or without a suffix. The item whose path has most in common with the
picture's is it; of several files that know it equally well all are.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_cellsets.formats.containers.base import Item

JOINS = ("path", "name", "stem")


class Place(NamedTuple):
    """An item of a file, by its position there."""

    file: str
    position: int
    name: str


class Items:
    """Items of several files, found by the picture that they speak of.

    Parameters
    ----------
    files
        ``(name of the file, its items)``.
    join
        How much of a name must be the same: ``path`` (as much as there is; the name
        without suffix at least), ``name`` (with suffix), ``stem`` (without).
    """

    def __init__(
        self, files: Iterable[tuple[str, Sequence[Item]]], join: str = "path"
    ) -> None:
        self._join = join
        self._by_stem: dict[str, list[Place]] = {}
        for file, items in files:
            for index, item in enumerate(items):
                name = plain(item.name) or picture_of(file)
                place = Place(file, index, name)
                self._by_stem.setdefault(stem_of(name), []).append(place)

    def of(self, image: str) -> list[Place]:
        """Return the items of a picture, each file's at most once."""
        image = plain(image)
        places = self._by_stem.get(stem_of(image), [])
        if self._join == "name":
            places = [p for p in places if _file(p.name) == _file(image)]
        if len(places) < 2 or self._join == "stem":
            return places[:1] if self._join != "stem" else places
        scores = [_likeness(place, image) for place in places]
        best = max(scores)
        return [p for p, score in zip(places, scores, strict=True) if score == best]


def nearest(image: str, files: Sequence[str]) -> tuple[str, ...]:
    """Of files with the name of a picture those in the most similar folders.

    Parameters
    ----------
    image, files
        Names in one tree: ``images/train/a.jpg``, ``labels/train/a.txt``.
    """
    if len(files) < 2:
        return tuple(files)
    folders = set(plain(image).split("/")[:-1])
    common = [len(folders & set(plain(file).split("/")[:-1])) for file in files]
    best = max(common)
    return tuple(f for f, count in zip(files, common, strict=True) if count == best)


def plain(name: str) -> str:
    """A path as it is compared: forward slashes, small letters, nothing before it."""
    return name.replace("\\", "/").lower().lstrip("./")


def stem_of(name: str) -> str:
    """File name without folders and suffix, in small letters."""
    file = _file(plain(name))
    known = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".ome.tif")
    for suffix in sorted(known, key=len, reverse=True):
        if file.endswith(suffix):
            return file[: -len(suffix)]
    return file


def picture_of(file: str) -> str:
    """Name that the picture of a file of annotations has, which names none.

    ``a.json`` speaks of ``a``, ``a.tif.geojson`` of ``a.tif``.
    """
    name = _file(plain(file))
    return name.rpartition(".")[0] or name


def _file(name: str) -> str:
    return name.rpartition("/")[2]


def _likeness(place: Place, image: str) -> tuple[int, int, int]:
    """Equal parts at the end of both paths; folders in common; folders in the name."""
    ours = image.split("/")
    home = plain(place.file).split("/")[:-1]
    shared = len(set(home) & set(ours[:-1]))
    told = PurePosixPath(plain(place.file)).name
    named = sum(folder in told for folder in ours[:-1] if len(folder) > 2)
    return likeness(place.name, image), named, shared


def likeness(one: str, other: str) -> int:
    """Count equal parts at the end of two paths, as `plain` spells them."""
    same = 0
    ours, theirs = reversed(one.split("/")), reversed(other.split("/"))
    for part, their_part in zip(ours, theirs, strict=False):
        if part != their_part:
            break
        same += 1
    return same
