"""What every writer of a data set's own files is given, and says of itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.annotation import LabelImage
from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.classes import plain_name
from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.containers.convert import NO_CLASS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.core.annotation import Annotation, MaskStack, Polygons
    from napari_cellsets.formats.words import WordOptions

_WITH_CLASSES = ("class-mask", "cric-points", "cx22", "renamed-yolo")
_NUMBER = re.compile(r"^(.*?)(\d+)(\D*)$")


@dataclass(frozen=True, slots=True)
class Own:
    """One annotation to be written into files of its data set.

    Parameters
    ----------
    annotation
        As corrected.
    options
        What the row says of it.
    files
        Its files in the tree.
    number
        Of the picture among those of the files, from 1, where they hold several.
    classes
        Names of classes that its objects have as the data set has them.
    before
        As the data set has it.
    picture
        Its name in the tree.
    """

    annotation: Annotation
    options: WordOptions
    files: tuple[str, ...]
    number: str = ""
    classes: frozenset[str] = frozenset()
    before: Annotation | None = None
    picture: str = ""


def forms_for(annotation: Annotation) -> str:
    """Say which forms hold annotations of a kind."""
    keys = [key for key, form in FORMS.items() if type(annotation) in form.kinds]
    return f"Forms that hold it: {', '.join(keys)}." if keys else ""


def refused(annotation: Annotation, why: str) -> ExportError:
    """Return what to raise where the files cannot hold an annotation."""
    return ExportError(why, advice=forms_for(annotation))


def classes_in(annotation: Annotation) -> set[str]:
    """Return the names of the classes that objects of an annotation have."""
    found: Any = annotation
    if isinstance(annotation, LabelImage):
        labels = set(np.unique(annotation.labels).tolist())
        of = annotation.class_of.items()
        ids = {number for label, number in of if label in labels}
    else:
        told = getattr(annotation, "class_ids", None)
        ids = set() if told is None else set(told.tolist())
    return {found.class_names.get(n, f"class {n}") for n in ids - {NO_CLASS}}


def refuse_classes(own: Own) -> None:
    """Raise where objects have classes that their files do not tell.

    Raises
    ------
    ExportError
        If one has another class than all objects of such a file.
    """
    options = own.options
    if options.word in _WITH_CLASSES or getattr(options, "class_column", False):
        return
    known = {*map(plain_name, own.classes), plain_name(options.class_is)}
    found = classes_in(own.annotation)
    other = [name for name in sorted(found) if plain_name(name) not in known]
    if other:
        why = f"its files tell no class of an object, and one is {other[0]!r} now"
        raise refused(own.annotation, why)


def of_kind(own: Own, *kinds: type) -> Any:
    """Return the annotation if it is of a kind that the files hold, else raise."""
    if not isinstance(own.annotation, kinds):
        found = type(own.annotation).__name__
        why = f"{own.options.word!r} holds no annotation of the kind {found}"
        raise refused(own.annotation, why)
    return own.annotation


def names_of_objects(
    found: MaskStack | Polygons, count: int, files: Sequence[str]
) -> list[str]:
    """Name the file of each object: its own, or the next number for a new one."""
    known = list(found.properties.get("file", [None] * count))
    folder, _, last = sorted(files)[-1].rpartition("/")
    parts = _NUMBER.match(last)
    if None in known and parts is None:
        why = f"files of objects are not numbered ({last!r}), so a new one has no name"
        raise refused(found, why)
    numbers = [_NUMBER.match(name.rpartition("/")[2]) for name in files]
    number = max((int(one[2]) for one in numbers if one), default=0)
    names = []
    for name in known:
        if name is None and parts is not None:
            number += 1
            text = f"{parts[1]}{number:0{len(parts[2])}d}{parts[3]}"
            name = f"{folder}/{text}" if folder else text
        names.append(str(name))
    return names
