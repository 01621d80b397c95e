"""What can be done in the Edit dock, by name: tools, and acts on what is selected."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from pydantic import Field

from napari_cellsets._napari import plane_acts, stack_acts
from napari_cellsets.core.errors import EditError
from napari_cellsets.core.evented import EventedModel
from napari_cellsets.editing import joining, shaping
from napari_cellsets.editing.growing import REACH_PX, USUAL_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from napari_cellsets._napari.label_editor import LabelEditor
    from napari_cellsets.editing.edit import Edit
    from napari_cellsets.editing.objects import ObjectIndex

    Picture = Callable[..., NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Command:
    """One button.

    Parameters
    ----------
    word, help
        On the button, and what its tooltip explains.
    key
        Key at first; the person may choose another. Empty for none.
    group
        ``tool``, ``selected``, ``stack`` (of overlapping objects), ``all`` or
        ``dock``.
    """

    word: str
    help: str
    key: str
    group: str


COMMANDS: Final[dict[str, Command]] = {
    name: Command(word, about, key, group)
    for name, word, about, key, group in (
        ("select", "Select", "Click an object; Shift-click adds one", "Q", "tool"),
        ("join", "Join", "Draw from one object into others", "J", "tool"),
        ("cut", "Cut", "Draw across an object to split it", "K", "tool"),
        (
            "seeds",
            "Seeds",
            "Click once in each part of an object, then Enter: it is split where it is"
            " narrow",
            "Shift+K",
            "tool",
        ),
        (
            "add",
            "Add",
            "Click where an object is missing and drag right for more of it; Enter or a"
            " click inside takes it",
            "W",
            "tool",
        ),
        ("copy", "Copy", "Click an object of another layer", "8", "tool"),
        ("merge", "Merge", "Make one object of those selected", "U", "selected"),
        ("delete", "Delete", "Delete the selected objects", "Delete", "selected"),
        ("fill", "Fill holes", "Fill the holes of selected objects", "H", "selected"),
        ("smooth", "Smooth", "Round the outlines", "9", "selected"),
        ("grow", "Grow", "Grow into background", "G", "selected"),
        ("shrink", "Shrink", "Take a rim away", "Shift+G", "selected"),
        ("largest", "One part", "Keep only the largest part", "Shift+H", "selected"),
        ("snap", "Snap", "Move outlines to the edge nearby", "0", "selected"),
        (
            "label",
            "Set label",
            "Give the label chosen below: in a mask of classes, another class",
            "",
            "selected",
        ),
        (
            "between",
            "Between",
            "Draw the object in the planes between those where it is; several selected"
            " ones become one",
            "",
            "selected",
        ),
        (
            "new",
            "New object",
            "Draw an object over others: a plane is made ready for the brush",
            "Shift+W",
            "stack",
        ),
        (
            "apart",
            "Own plane",
            "Give the object a plane to itself, to paint it over its neighbours",
            "Shift+J",
            "stack",
        ),
        ("small", "Delete smaller", "Delete objects below this size", "", "all"),
        ("large", "Delete larger", "Delete objects above this size", "", "all"),
        ("border", "Delete at border", "Delete what the border cuts off", "", "all"),
        ("renumber", "Renumber", "Number objects from 1 on, no gaps", "", "all"),
        ("class", "Next class", "Paint the next class", "Shift+Q", "dock"),
        ("last", "Show last act", "Show where the last act was", "Shift+N", "dock"),
        (
            "then",
            "Then or now",
            "Show the labels as they were after the chosen line of the history; again:"
            " back to now",
            "T",
            "dock",
        ),
        ("keys", "Keys", "Show all keys, choose others", "N", "dock"),
    )
}


class EditOptions(EventedModel):
    """How far and how much.

    Parameters
    ----------
    by_px
        Width for grow, shrink and smooth, and how far an outline may snap.
    least_px, most_px
        Objects with fewer or more pixels are too small or too large.
    tolerance
        0..1: how far the colour of an added object may differ from the click.
    over
        Whether copied objects take pixels from those that are there.
    label
        For *Label*.
    """

    by_px: int = Field(default=2, ge=1, le=50)
    least_px: int = Field(default=30, ge=1, le=1_000_000)
    most_px: int = Field(default=10_000, ge=1, le=100_000_000)
    tolerance: float = Field(default=USUAL_TOLERANCE, ge=0, le=1)
    reach_px: int = Field(default=REACH_PX, ge=5, le=1_000)
    over: bool = False
    label: int = Field(default=1, ge=1, le=65_535)


def perform(
    name: str, editor: LabelEditor, options: EditOptions, picture: Picture
) -> tuple[int, ...]:
    """Do an act on the selected objects, or on all.

    Parameters
    ----------
    name
        In `COMMANDS`, of the groups ``selected``, ``stack`` and ``all``.
    editor
        Of the layer.
    options
        How far.
    picture
        Returns the picture under the labels, (y, x) or (y, x, c); asked with ``whole``
        that of all planes.

    Returns
    -------
    tuple of int
        Objects that it touched and that are there now.

    Raises
    ------
    EditError
        If it cannot be done, nothing is selected, or nothing would change.
    """
    if name in _OF_ALL:
        return editor.do(partial(_OF_ALL[name], options))
    editor.check()
    if name == "between" and not editor.stacked:
        act = partial(plane_acts.between, editor.selected)
        return editor.do(act, select=True, whole=True)
    labels = editor.here()
    if editor.stacked:
        return editor.do(
            stack_acts.act_of(name, labels, options, picture),
            select=name in ("merge", "label"),
        )
    if name == "snap":
        seen = picture(whole=not editor.in_plane)
        return editor.do(
            lambda objects: plane_acts.snap(objects, labels, seen, options.by_px)
        )
    if name not in _OF_SELECTED:
        raise EditError(
            "the objects of this layer lie in no planes of overlap",
            advice="This is for masks that overlap.",
        )
    of_selected = _OF_SELECTED[name]
    return editor.do(
        lambda objects: of_selected(objects, labels, options),
        select=name in ("merge", "label"),
    )


def _delete(objects: ObjectIndex, labels: list[int], which: str) -> Edit:
    if not labels:
        raise EditError(f"no object {which}")
    return joining.delete(objects, labels)


def _too_small(options: EditOptions, objects: ObjectIndex) -> Edit:
    labels = joining.by_size(objects, options.least_px)
    return _delete(objects, labels, f"is smaller than {options.least_px:,} px²")


def _too_large(options: EditOptions, objects: ObjectIndex) -> Edit:
    labels = joining.by_size(objects, most_px=options.most_px)
    return _delete(objects, labels, f"is larger than {options.most_px:,} px²")


def _at_border(_options: EditOptions, objects: ObjectIndex) -> Edit:
    return _delete(objects, joining.touching_border(objects), "touches the border")


def _renumber(_options: EditOptions, objects: ObjectIndex) -> Edit:
    return joining.renumber(objects)


_OF_ALL: Final = {
    "small": _too_small,
    "large": _too_large,
    "border": _at_border,
    "renumber": _renumber,
}
_OF_SELECTED: Final[dict[str, Callable[..., Edit]]] = {
    "merge": lambda objects, labels, _: joining.merge(objects, labels),
    "delete": lambda objects, labels, _: joining.delete(objects, labels),
    "fill": lambda objects, labels, _: shaping.fill_holes(objects, labels),
    "largest": lambda objects, labels, _: shaping.keep_largest(objects, labels),
    "smooth": lambda objects, labels, o: shaping.smooth(objects, labels, o.by_px),
    "grow": lambda objects, labels, o: shaping.grow(objects, labels, o.by_px),
    "shrink": lambda objects, labels, o: shaping.shrink(objects, labels, o.by_px),
    "label": lambda objects, labels, o: joining.give_label(objects, labels, o.label),
}
