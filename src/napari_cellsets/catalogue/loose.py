"""One file of annotations, opened alone: its pictures are looked for around it."""

from __future__ import annotations

import os
import re
from functools import partial
from glob import escape
from itertools import islice
from typing import TYPE_CHECKING

from napari_cellsets.catalogue.attachments import Attachments
from napari_cellsets.catalogue.canvases import canvas_maker, extent
from napari_cellsets.core.errors import NotRecognisedError
from napari_cellsets.formats.canvas_tree import CanvasTree
from napari_cellsets.formats.containers.base import FORMS, find_form
from napari_cellsets.formats.containers.reading import load_json, load_xml
from napari_cellsets.formats.files import FileTree, open_tree
from napari_cellsets.formats.names import as_text, is_junk, is_picture_name
from napari_cellsets.formats.words.joining import likeness, picture_of, plain, stem_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from napari_cellsets.catalogue.recipe import Recipe
    from napari_cellsets.formats.containers.base import Container
    from napari_cellsets.formats.layouts import Paired

ROW = "annotation_file"
_DEEPEST = 3
_FOLDERS_ABOVE = 2
IMAGE_FOLDERS = frozenset(
    "images image imgs img jpegimages pictures photos raw train val valid test".split()
)
"""How folders of pictures are called, in small letters."""
_MOST_ENTRIES = 50_000
_MOST_COMPANIONS = 5_000
_HEAD, _MOST_PARSED = 256, 64 << 20


def open_loose(
    path: Path, recipe: Recipe
) -> tuple[FileTree, Attachments, Paired] | None:
    """Make samples of the pictures that one file speaks of.

    Parameters
    ----------
    path
        The file.
    recipe
        The row of key `ROW`.

    Returns
    -------
    tuple or None
        Files, attachments and pairs; None where it is no known form of annotations.

    Raises
    ------
    UnreadableFileError
        If it is damaged.
    NotRecognisedError
        If it speaks of no picture.
    """
    here, name = path.parent, as_text(path.name)
    alone = open_tree(here, top=re.compile(re.escape(path.name)))
    if name not in alone.names():
        return None
    form = find_form(alone, name)
    if form is None:
        _refuse_cut(alone, name)
        return None
    container = form.open(alone, name)
    if not container.items:
        raise NotRecognisedError(
            f"this file of {form.title} speaks of no picture", path=path
        )
    wanted = [plain(item.name) or picture_of(name) for item in container.items]
    needed = _companions(path, form.companions)
    found = _found(here, wanted, set(needed))
    up = max((place.count("../") for place in found.values()), default=0)
    more = [one for one in needed if one.count("../") <= up]
    root = (here, *here.parents)[up]
    file = as_text(path.relative_to(root).as_posix())
    lie = [_from(root, here / one) for one in (path.name, *found.values(), *more)]
    chosen = Chosen(root, lie)
    places = dict(zip(found, map(as_text, lie[1:]), strict=False))
    tree, images = _with_blank(chosen, file, container, wanted, places)
    attachments = Attachments(recipe, [file])
    return tree, attachments, attachments.attach(recipe.layout.pair(images))


def _from(root: Path, path: Path) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")


def _refuse_cut(tree: FileTree, name: str) -> None:
    """Say where a JSON or XML ends too early to tell what it was."""
    suffix = name.lower().rpartition(".")[2]
    start = tree.head(name, _HEAD).lstrip(b"\xef\xbb\xbf \t\r\n")[:5].lower()
    if tree.size(name) > _MOST_PARSED:
        return
    if suffix in ("json", "geojson") and start[:1] in (b"{", b"["):
        load_json(tree, name)
    elif suffix == "xml" and start[:1] == b"<" and start not in (b"<html", b"<!doc"):
        load_xml(tree, name)


def _with_blank(
    chosen: Chosen,
    file: str,
    container: Container,
    wanted: Sequence[str],
    places: dict[str, str],
) -> tuple[FileTree, list[str]]:
    """The chosen files, blank canvases among them; and the names of all pictures."""
    canvases: dict[str, Callable[[], bytes]] = {}
    images = []
    for index, (item, name) in enumerate(zip(container.items, wanted, strict=True)):
        if name in places:
            images.append(places[name])
            continue
        image = item.name.replace("\\", "/").lstrip("./") or name
        image = image if is_picture_name(image) else f"{image}.png"
        size = partial(extent, container, index, item.size)
        inner = partial(FORMS[container.key].inner, chosen, file)
        canvases.setdefault(image, canvas_maker(chosen.place(image), size, inner))
        images.append(image)
    tree = CanvasTree(chosen, canvases) if canvases else chosen
    return tree, list(dict.fromkeys(images))


class Chosen(FileTree):
    """Some files of a folder, named one by one; nothing is scanned.

    Parameters
    ----------
    root
        The folder.
    names
        Its files that count, as they are called on disk.
    """

    def __init__(self, root: Path, names: Sequence[str]) -> None:
        from napari_cellsets.formats.names import natural_order

        self.root = root
        self.problems = []
        self._places = {as_text(name): root / name for name in names}
        self._names = natural_order(self._places)

    def names(self) -> Sequence[str]:
        """The chosen files in natural order."""
        return self._names

    def read(self, name: str) -> bytes:
        """Return the whole content of one file; see `FileTree.read`."""
        return self.head(name, -1)

    def head(self, name: str, length: int) -> bytes:
        """Return the first bytes of one file, all of them for -1."""
        from napari_cellsets.formats.sources import read_file

        return read_file(self._path(name), length)

    def size(self, name: str) -> int:
        """Size of one file in bytes."""
        from napari_cellsets.formats.sources import regular_size

        return regular_size(self._path(name))

    def local_path(self, name: str) -> Path | None:
        """Where the file lies on disk."""
        return self._path(name)

    def _path(self, name: str) -> Path:
        return self._places.get(name, self.root / name)


def _companions(path: Path, patterns: Sequence[str]) -> list[str]:
    """Files that a file of annotations may need: paths from its folder."""
    stem = escape(path.stem)
    found: list[str] = []
    places = (path.parent, *path.parent.parents[:_FOLDERS_ABOVE])
    for above, folder in enumerate(places):
        for pattern in patterns:
            files = islice(folder.glob(pattern.format(stem=stem)), _MOST_COMPANIONS)
            found += [
                "../" * above + file.relative_to(folder).as_posix()
                for file in files
                if file != path and not is_junk(file.name)
            ]
    return found


def _found(here: Path, wanted: Sequence[str], others: set[str]) -> dict[str, str]:
    """Pictures by the names that are wanted: paths from the folder of the file.

    `others` are masks and the like, which are none. In the folder and below it
    first; then, for those not found, in the folders above and in folders of pictures
    there, with ``../`` before them.
    """
    found: dict[str, str] = {}
    skip = ""
    for up, folder in enumerate((here, *list(here.parents)[:_FOLDERS_ABOVE])):
        missing = [name for name in wanted if name not in found]
        if missing:
            inside = _picture_folders(missing, skip) if up else None
            there = _pictures(folder, "../" * up, inside)
            found |= _matched((n for n in there if n not in others), missing)
        skip = folder.name
    return found


def _picture_folders(wanted: Sequence[str], skip: str) -> set[str]:
    """Folders above a file in which its pictures may lie; any others are strangers'."""
    named = {part for name in wanted for part in name.split("/")[:-1]}
    return {*IMAGE_FOLDERS, *named} - {skip.lower()}


def _matched(pictures: Iterator[str], wanted: Sequence[str]) -> dict[str, str]:
    by_stem: dict[str, list[str]] = {}
    for picture in pictures:
        by_stem.setdefault(stem_of(picture), []).append(picture)
    found = {}
    for name in wanted:
        there = by_stem.get(stem_of(name), ())
        if there:
            best = max(there, key=lambda place: likeness(name, plain(place)))
            found[name] = best
    return found


def _pictures(folder: Path, prefix: str, inside: set[str] | None) -> Iterator[str]:
    """Pictures in a folder and below, breadth first, a bounded number of entries.

    Of its folders only those in `inside` are looked into, or all for None.
    """
    waiting = [(str(folder), prefix, 0)]
    left = _MOST_ENTRIES
    while waiting:
        place, before, depth = waiting.pop(0)
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    left -= 1
                    if left < 0:
                        return
                    if is_junk(entry.name):
                        continue
                    if is_picture_name(entry.name) and entry.is_file():
                        yield before + entry.name
                    elif depth < _DEEPEST and entry.is_dir(follow_symlinks=False):
                        if depth or not inside or entry.name.lower() in inside:
                            below = f"{before}{entry.name}/"
                            waiting.append((entry.path, below, depth + 1))
        except OSError:
            continue
