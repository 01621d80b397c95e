"""Points, boxes, outlines and classes of pictures as people have corrected them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_cellsets.core.annotation import Boxes, ImageClass, Points, Polygons
from napari_cellsets.core.annotation_names import names_of
from napari_cellsets.store import Mark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellsets.core.annotation import Annotation, Outline
    from napari_cellsets.store import MarkKey, StoredMark

#: Class id of what has no class while others have one.
_NONE = -1
_EMPTY: Mapping[str, Points | Boxes | Polygons] = {
    "points": Points(np.empty((0, 2))),
    "boxes": Boxes(np.empty((0, 4))),
    "polygons": Polygons(()),
}


class Marked(NamedTuple):
    """An annotation as corrected.

    Parameters
    ----------
    name
        Of the annotation, unique in its sample; empty for the class of the picture.
    annotation
        What is there now.
    numbers
        Of points, boxes and outlines the number of each, as of `MarkKey`.
    """

    name: str
    annotation: Annotation
    numbers: tuple[int, ...] = ()


def marked_annotations(
    annotations: Sequence[Annotation],
    marks: Mapping[MarkKey, StoredMark],
    classes: Mapping[int, str],
    names: Sequence[str] | None = None,
) -> tuple[Annotation, ...]:
    """Return what the files of a sample say, with the corrections of people.

    Parameters
    ----------
    annotations
        All of one sample, as read.
    marks
        Of this sample, from `Project.marks`.
    classes
        Name of each class id of the data set, for what people have added.
    names
        Of the annotations, by which marks know them; by default those of `names_of`.

    Returns
    -------
    tuple
        In the same order; annotations that people began come last.
    """
    found = numbered_marks(annotations, marks, classes, names)
    return tuple(one.annotation for one in found)


def numbered_marks(
    annotations: Sequence[Annotation],
    marks: Mapping[MarkKey, StoredMark],
    classes: Mapping[int, str],
    names: Sequence[str] | None = None,
) -> tuple[Marked, ...]:
    """Return the same as `marked_annotations`, with names and numbers."""
    rows: dict[str, dict[int, Mark]] = {}
    for key, stored in marks.items():
        rows.setdefault(key.layer, {})[key.mark] = stored.mark
    whole = rows.pop("", {}).get(0)
    found = []
    for annotation, name in zip(
        annotations, names or names_of(annotations), strict=True
    ):
        said = rows.pop(name, {})
        if isinstance(annotation, Points | Boxes | Polygons):
            found.append(Marked(name, *_corrected(annotation, said, classes)))
        elif not isinstance(annotation, ImageClass) or whole is None or whole.gone:
            found.append(Marked(name, annotation))
    if whole is not None and not whole.gone and whole.class_name:
        found.append(Marked("", ImageClass(whole.class_name, "corrected")))
    for name, said in rows.items():
        begun = _begun(name, said, classes)
        if begun is not None:
            found.append(Marked(name, *begun))
    return tuple(found)


def own_marks(annotation: Annotation) -> dict[int, Mark]:
    """Return points, boxes or outlines as marks, as their file has them.

    Parameters
    ----------
    annotation
        As read; other kinds have no marks.

    Returns
    -------
    dict
        By their numbers, from 1.
    """
    if not isinstance(annotation, Points | Boxes | Polygons):
        return {}
    names, ids = annotation.class_names, annotation.class_ids
    shared = next(iter(names.values()), "") if len(names) == 1 else ""
    found = {}
    for place, (kind, where) in enumerate(_own_places(annotation)):
        number = None if ids is None else int(ids[place])
        name = shared if number is None else names.get(number, f"class {number}")
        found[place + 1] = Mark(kind, where, "" if number == _NONE else name)
    return found


def _own_places(found: Points | Boxes | Polygons) -> list[tuple[str, Sequence[Any]]]:
    if isinstance(found, Points):
        return [("points", place) for place in found.yx.tolist()]
    if isinstance(found, Boxes):
        angles = np.zeros(len(found.yxyx)) if found.angles is None else found.angles
        whole = np.column_stack([found.yxyx, angles]).tolist()
        return [("boxes", place) for place in whole]
    return [
        ("polygons", [[ring.tolist() for ring in part] for part in outline])
        for outline in found.outlines
    ]


def _begun(
    name: str, said: Mapping[int, Mark], classes: Mapping[int, str]
) -> tuple[Annotation, tuple[int, ...]] | None:
    """Return an annotation that no file has; None where nothing of it is left."""
    kinds = [mark.kind for mark in said.values() if not mark.gone]
    if not kinds:
        return None
    empty = replace(
        _EMPTY[kinds[-1]],
        source=name,
        class_names=dict(classes),
        class_ids=np.empty(0, np.int64),
    )
    return _corrected(empty, said, classes)


def _corrected(
    found: Points | Boxes | Polygons,
    said: Mapping[int, Mark],
    classes: Mapping[int, str],
) -> tuple[Points | Boxes | Polygons, tuple[int, ...]]:
    count = _count(found)
    if not said:
        return found, tuple(range(1, count + 1))
    added = sorted(number for number in said if number > count)
    numbers = tuple(
        number
        for number in (*range(1, count + 1), *added)
        if number not in said or not said[number].gone
    )
    changed: dict[str, Any] = _places(found, numbers, said)
    changed.update(_classes(found, numbers, said, classes))
    changed["properties"] = {
        name: [values[n - 1] if n <= count else None for n in numbers]
        for name, values in found.properties.items()
        if len(values) == count
    }
    return replace(found, **changed), numbers


def _count(found: Points | Boxes | Polygons) -> int:
    if isinstance(found, Points):
        return len(found.yx)
    return len(found.yxyx if isinstance(found, Boxes) else found.outlines)


def _places(
    found: Points | Boxes | Polygons, numbers: Sequence[int], said: Mapping[int, Mark]
) -> dict[str, Any]:
    """Return where marks are, as fields of their annotation."""
    moved = {n: mark.place for n, mark in said.items() if mark.place is not None}
    if isinstance(found, Points):
        yx = [moved.get(n) or found.yx[n - 1] for n in numbers]
        return {"yx": np.array(yx, np.float64).reshape(-1, 2)}
    if isinstance(found, Boxes):
        angles = found.angles if found.angles is not None else np.zeros(_count(found))
        edges = [
            moved[n] if n in moved else (*found.yxyx[n - 1], angles[n - 1])
            for n in numbers
        ]
        all_of = np.array(edges, np.float64).reshape(-1, 5)
        turned = found.angles is not None or bool(all_of[:, 4].any())
        return {"yxyx": all_of[:, :4], "angles": all_of[:, 4] if turned else None}
    outlines = [
        _outline(moved[n]) if n in moved else found.outlines[n - 1] for n in numbers
    ]
    if found.open is None:
        return {"outlines": outlines}
    # who adds to lines adds a line
    lines = bool(len(found.open)) and bool(np.all(found.open))
    open_ = [found.open[n - 1] if n <= _count(found) else lines for n in numbers]
    return {"outlines": outlines, "open": np.array(open_, bool)}


def _outline(place: Sequence[Any]) -> Outline:
    return tuple(
        tuple(np.array(ring, np.float64).reshape(-1, 2) for ring in part)
        for part in place
    )


def _classes(
    found: Points | Boxes | Polygons,
    numbers: Sequence[int],
    said: Mapping[int, Mark],
    classes: Mapping[int, str],
) -> dict[str, Any]:
    """Return classes as fields of the annotation; ids stay those of the data set."""
    shared = next(iter(found.class_names), _NONE)
    alone = found.class_ids is None and len(found.class_names) <= 1
    same = found.class_names.get(shared, "")
    if alone and all(said[n].class_name in ("", same) for n in numbers if n in said):
        return {}
    count = _count(found)
    given = found.class_ids
    if given is None:
        given = np.full(count, shared if alone else _NONE)
    names = dict(found.class_names)
    ids = {f"class {i}": int(i) for i in np.unique(given) if i not in names}
    for number, name in (*classes.items(), *reversed(names.items())):
        ids[name] = number
    found_ids = []
    for n in numbers:
        if n not in said:
            found_ids.append(int(given[n - 1]))
            continue
        name = said[n].class_name
        if name and name not in ids:
            ids[name] = max((0, *ids.values())) + 1
        found_ids.append(ids[name] if name else _NONE)
        if name and ids[name] not in names and name != f"class {ids[name]}":
            names[ids[name]] = name
    return {"class_ids": np.array(found_ids, np.int64), "class_names": names}
