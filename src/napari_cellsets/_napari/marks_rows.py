"""What a layer of marks holds, and how it is told something else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from napari.layers import Points

from napari_cellsets._napari.marks_places import (
    Form,
    moved_whole,
    place_of,
    same_form,
)
from napari_cellsets._napari.marks_words import stored_class
from napari_cellsets.store import Mark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari.layers import Shapes

    from napari_cellsets._napari.drawn import Drawn

CLASS = "class"
"""Column of the features of every layer of marks."""


@dataclass(frozen=True, eq=False, slots=True)
class MarkRow:
    """One mark of a layer.

    Parameters
    ----------
    number
        As of `MarkKey`.
    form
        How it lies in the layer.
    class_name
        Its class as the legend calls it.
    more
        What else is known of it, by name.
    """

    number: int
    form: Form
    class_name: str
    more: Mapping[str, Any] = field(default_factory=dict)


class MarkStep(NamedTuple):
    """One act: every mark that it changed, as it was and as it is; None for none."""

    verb: str
    before: dict[int, MarkRow | None]
    after: dict[int, MarkRow | None]


class Waiting(NamedTuple):
    """An act that is not on disk yet."""

    dataset_id: str
    sample: str
    layer: str
    kind: str
    rows: Mapping[int, MarkRow | None]
    title: str
    seen: int
    said: Mapping[str, Any]


def form_at(layer: Points | Shapes, at: int) -> Form:
    """Return how a mark lies in the layer now; nobody else holds it."""
    if isinstance(layer, Points):
        return Form(np.array(layer.data[at : at + 1], np.float64))
    vertices = np.array(layer.data[at], np.float64)
    return Form(vertices, str(layer.shape_type[at]))


def reshape(layer: Points | Shapes, at: int, form: Form) -> None:
    """Let a mark lie otherwise, in its place among the others."""
    if isinstance(layer, Points):
        layer.data[at] = form.vertices[0]
        return
    kind = str(layer.shape_type[at])
    # napari has no public way to change one of many shapes
    shapes: Any = getattr(layer, "_data_view", None)
    shapes.edit(at, form.vertices, new_type=None if kind == form.shape else form.shape)


def take_out(layer: Points | Shapes, at: int) -> None:
    """Remove a mark that is being drawn; `repair` is to follow.

    Not by `remove`, which would end a drawing that is about to end.
    """
    if isinstance(layer, Points):
        layer.remove([at])
    else:
        layer.selected_data = set()
        shapes: Any = getattr(layer, "_data_view", None)
        shapes.remove(at)


def repair(layer: Points | Shapes, gone: Sequence[int]) -> None:
    """Drop from the table what napari left there of shapes that it took away."""
    features = layer.features
    if gone and len(features) > len(layer.data):
        left = features.drop(index=list(gone)).reset_index(drop=True)
        layer.features = left


def add(layer: Points | Shapes, rows: Sequence[MarkRow]) -> None:
    """Append marks; the columns of the table are to follow."""
    if isinstance(layer, Points):
        layer.add(np.concatenate([row.form.vertices for row in rows]))
    else:
        layer.add(
            [row.form.vertices for row in rows],
            shape_type=[row.form.shape for row in rows],
        )
    layer.selected_data = set()


def classes_of(layer: Points | Shapes, many: int) -> list[Any]:
    """Return what the table says of the classes; nothing where it has none."""
    features = layer.features
    if CLASS not in features or len(features) != many:
        return []
    return list(features[CLASS])


def rows_of(layer: Points | Shapes, drawn: Drawn) -> list[MarkRow]:
    """Return all marks of a layer, which nobody has changed since it was filled."""
    features = layer.features
    names = [name for name in features.columns if name != CLASS]
    columns = [list(features[name]) for name in names]
    cells = list(zip(*columns, strict=True)) or [()] * len(drawn.classes)
    more = [dict(zip(names, values, strict=True)) for values in cells]
    if isinstance(layer, Points):
        forms = [Form(np.array(place[None], np.float64)) for place in layer.data]
    else:
        rings = drawn.rings or ((),) * len(drawn.classes)
        paths = [np.array(path, np.float64) for path in layer.data]
        forms = [Form(*one) for one in zip(paths, layer.shape_type, rings, strict=True)]
    known = zip(drawn.numbers, forms, drawn.classes, more, strict=True)
    return [MarkRow(*one) for one in known]


def columns_of(rows: Sequence[MarkRow], layer: Points | Shapes) -> dict[str, Any]:
    """Return the table of a layer; lists in a cell stay lists."""
    columns = {}
    for name in layer.features.columns:
        column = np.empty(len(rows), object)
        column[:] = [
            row.class_name if name == CLASS else row.more.get(name) for row in rows
        ]
        columns[name] = column
    return columns


def verb_of(
    before: Mapping[int, MarkRow | None], after: Mapping[int, MarkRow | None]
) -> str:
    """Return one word for what was done to marks."""
    verbs = set()
    for number, row in after.items():
        old = before[number]
        if row is None or old is None:
            verbs.add("delete" if row is None else "add")
        elif same_form(row.form, old.form):
            verbs.add("class")
        else:
            verbs.add("move" if moved_whole(old.form, row.form) else "reshape")
    return verbs.pop() if len(verbs) == 1 else "change"


def mark_of(kind: str, row: MarkRow | None) -> Mark:
    """Return a mark as the store has it; None is one that is gone."""
    if row is None:
        return Mark(kind, gone=True)
    return Mark(kind, place_of(kind, row.form), stored_class(row.class_name))


def drawn_after(drawn: Drawn, rows: Sequence[MarkRow], layer: Points | Shapes) -> Drawn:
    """Return what a layer shows now."""
    return replace(
        drawn,
        data=layer.data if isinstance(layer, Points) else list(layer.data),
        classes=tuple(row.class_name for row in rows),
        numbers=tuple(row.number for row in rows),
        shape_types=tuple(row.form.shape for row in rows),
        rings=tuple(row.form.rings for row in rows),
        features={
            name: [row.more.get(name) for row in rows] for name in drawn.features
        },
    )
