"""Annotations of one dropped picture, looked for around it."""

from __future__ import annotations

import fnmatch
import os
import re
from dataclasses import dataclass
from glob import escape
from itertools import islice
from typing import TYPE_CHECKING

from napari_cellsets.catalogue.loose import IMAGE_FOLDERS, Chosen
from napari_cellsets.catalogue.own_splits import SPLITS
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.containers.base import find_form
from napari_cellsets.formats.names import PICTURE_SUFFIXES, is_junk
from napari_cellsets.formats.words.joining import Items, likeness, plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_cellsets.formats.containers.base import Form

_OF_MANY = (".json", ".xml", ".csv", ".tsv")
_SUFFIXES = (".txt", ".geojson", ".zip", ".roi", *_OF_MANY)
_FOLDERS = frozenset(
    "annotations annotation anno labels label txt xml json geojson yolo voc coco cvat "
    "labelme via roi rois boxes bboxes outlines ground_truth ground_truths "
    "ground-truth groundtruth truth gt".split()
)
"""Folders of annotations beside pictures or folders of pictures."""
_ABOVE = 3
_MOST_ENTRIES = 20_000
_MOST_OPENED, _MOST_BYTES = 12, 512 << 20


@dataclass(frozen=True)
class Around:
    """What speaks of a picture.

    Parameters
    ----------
    form
        Key of its form of annotations.
    root
        Folder that holds it and the picture.
    top
        Pattern of the entries of `root` that belong to the set.
    """

    form: str
    root: Path
    top: re.Pattern[str]


def annotations_around(picture: Path) -> Around | None:
    """Find what speaks of a picture, the nearest first.

    A file of its own (``a.txt``, ``labels/train/a.txt``) counts by its name and
    content; a file of many pictures is opened and asked. Above the folder of the
    picture only what is plainly of one set counts: strangers' pictures and
    annotations lie there too.

    Parameters
    ----------
    picture
        Absolute path.

    Returns
    -------
    Around or None
        None where nothing speaks of it; a bounded number of files is looked at.
    """
    home = picture.parent
    for folder in (home, *home.parents[:_ABOVE]):
        if folder == folder.parent:
            break
        asked = 0
        for file in _candidates(folder, picture):
            asked += file.stem != picture.stem
            if asked > _MOST_OPENED:
                break
            form = _speaks_of(file, folder, picture)
            if form is not None:
                return _around(folder, picture, file, form)
    return None


def _candidates(folder: Path, picture: Path) -> Iterator[Path]:
    """Files that may speak of a picture: those of its name, then those of many."""
    inner = picture.parent.relative_to(folder).parts
    if len(inner) > 1 and inner[0].lower() not in IMAGE_FOLDERS:
        return
    files, folders = _entries(folder)
    beside = [name for name in folders if name.lower() in _FOLDERS - set(inner[:1])]
    places = [folder] if not inner else []
    for name in beside:
        rests = dict.fromkeys(("/".join(inner), "/".join(inner[1:]), ""))
        places += [folder / name / rest for rest in rests]
    for place in places:
        for suffix in _SUFFIXES:
            file = place / f"{picture.stem}{suffix}"
            if file.is_file():
                yield file
    for name in files:
        if name.lower().endswith(_OF_MANY):
            yield folder / name
    for name in beside:
        for inside in _entries(folder / name)[0]:
            if inside.lower().endswith(_OF_MANY):
                yield folder / name / inside


def _entries(folder: Path) -> tuple[list[str], list[str]]:
    """Names of files and of folders, in order; nothing where they may not be read."""
    files, folders = [], []
    try:
        with os.scandir(folder) as entries:
            for entry in islice(entries, _MOST_ENTRIES):
                if is_junk(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif entry.name.lower().endswith(_SUFFIXES):
                    files.append(entry.name)
    except OSError:
        return [], []
    return sorted(files), sorted(folders)


def _speaks_of(file: Path, folder: Path, picture: Path) -> Form | None:
    name, image = (p.relative_to(folder).as_posix() for p in (file, picture))
    tree = Chosen(folder, [name])
    try:
        form = find_form(tree, name)
        if form is None or form.pictures:
            return None
        if form.per_image:
            return form if file.stem == picture.stem else None
        if tree.size(name) > _MOST_BYTES:
            return None
        found = Items([(name, form.open(tree, name).items)]).of(image)
        # a file above a folder that may be a stranger's must name that folder
        above = "/" in image and "/" not in name
        if above and image.partition("/")[0].lower() not in IMAGE_FOLDERS:
            found = [one for one in found if likeness(one.name, plain(image)) > 1]
        return form if found else None
    except CellsetsError:
        return None


def _around(folder: Path, picture: Path, file: Path, form: Form) -> Around:
    """The set of a picture: the folders of both, class names and other parts of it."""
    root = folder
    if _named_above(folder, form):
        root = folder.parent
    image, marked = (p.relative_to(root).parts for p in (picture, file))
    tops = {re.escape(parts[0]) for parts in (image, marked) if len(parts) > 1}
    if len(image) == 1:
        tops.add(rf".*\.(?:{'|'.join(PICTURE_SUFFIXES)})")
    if len(marked) == 1:
        tops.add(rf".*{re.escape(file.suffix)}")
    if SPLITS & {parts[0].lower() for parts in (image, marked)}:
        tops |= {re.escape(split) for split in SPLITS}
    further = {one.partition("/")[0] for one in form.companions}
    tops |= {fnmatch.translate(one.format(stem=escape(file.stem))) for one in further}
    return Around(form.key, root, re.compile("|".join(sorted(tops)), re.IGNORECASE))


def _named_above(folder: Path, form: Form) -> bool:
    """Whether names of classes lie above pictures and annotations, not beside them."""
    own = [one for one in form.companions if "/" not in one and one != "*.xml"]
    if any(next(folder.glob(one), None) is not None for one in own):
        return False
    above = folder.parent
    if above == above.parent:
        return False
    return any(next(above.glob(one), None) is not None for one in own)
