"""Bring annotations into a kind that a format can hold, or say why that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.core.annotation import (
    Boxes,
    ClassMask,
    ImageClass,
    LabelImage,
    MaskStack,
    Points,
    Polygons,
)
from napari_cellsets.core.annotation_names import names_of
from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.containers import base
from napari_cellsets.formats.containers.convert import (
    CONVERTERS,
    Lost,
    closed_only,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.formats.containers.base import Form, Marked

KIND_NAMES: dict[type, str] = {
    LabelImage: "label images",
    ClassMask: "class masks",
    MaskStack: "overlapping masks",
    Polygons: "polygons",
    Boxes: "boxes",
    Points: "points",
    ImageClass: "classes of whole pictures",
}
"""How to call each kind to a person."""

_FIRST = ("mask-stack", "coco")
"""Forms that are offered before others."""

_NEXT_BEST: dict[type, tuple[type, ...]] = {
    LabelImage: (MaskStack, Polygons, ClassMask, Boxes, Points),
    MaskStack: (LabelImage, Polygons, ClassMask, Boxes, Points),
    Polygons: (MaskStack, LabelImage, ClassMask, Boxes, Points),
    Boxes: (Boxes, Polygons, Points, MaskStack, LabelImage, ClassMask),
    ClassMask: (LabelImage, MaskStack, Polygons, Boxes, Points),
    Points: (),
    ImageClass: (),
}


def fit(
    annotation: Annotation,
    form: Form,
    size: tuple[int, int],
    *,
    lossy: bool = False,
) -> Annotation:
    """Bring an annotation into a kind that a form holds.

    Parameters
    ----------
    annotation
        Anything; returned as it is where the form holds it.
    form
        What it is to be written as.
    size
        Height and width of the picture.
    lossy
        Take the nearest kind even where something is lost: outlines are rounded
        to pixels, overlap is drawn over, shapes become boxes or points, open
        lines are left out.

    Returns
    -------
    Annotation
        Objects keep their order, class and properties.

    Raises
    ------
    ExportError
        If something would be lost; the advice names forms that can hold it.
    """
    kind = type(annotation)
    if lossy and isinstance(annotation, Polygons):
        if form.refuses(annotation) or kind not in form.kinds:
            annotation = closed_only(annotation)
    why = form.refuses(annotation) if kind in form.kinds else ""
    if kind in form.kinds and not why:
        return annotation
    reasons = [why] if why else []
    for allowed in (False, True) if lossy else (False,):
        for target in _NEXT_BEST[kind]:
            if target not in form.kinds:
                continue
            try:
                found = CONVERTERS[target](annotation, size, lossy=allowed)
            except Lost as lost:
                reasons.append(str(lost))
                continue
            refused = form.refuses(found)
            if not refused:
                return found
            reasons.append(refused)
    why = reasons[0] if reasons else f"it holds no {KIND_NAMES[kind]}"
    raise ExportError(f"{form.title}: {why}", advice=_advice(annotation, form, lossy))


def best_form(kinds: Collection[type]) -> str:
    """Return the key of the form that holds most of these kinds as they are.

    Parameters
    ----------
    kinds
        Of annotations, as in `KIND_NAMES`.
    """

    def rank(form: Form) -> tuple[int, bool, bool]:
        held = sum(kind in form.kinds for kind in kinds)
        return held, form.key in _FIRST, form.kinds[0] in kinds

    return max(base.FORMS.values(), key=rank).key


def fit_all(
    marked: Marked, form: Form, *, lossy: bool = False
) -> tuple[Annotation, ...]:
    """Fit everything that is marked in one picture; see `fit`.

    With `lossy`, what the form cannot hold at all is left out; of annotations that it
    cannot hold together, the first is kept, before all one of its own kinds.

    Raises
    ------
    ExportError
        If something would be lost, also where the form cannot hold annotations
        together; the advice names them.
    """
    found: list[Annotation] = []
    own: list[Annotation] = []
    for annotation in marked.annotations:
        try:
            fitted = fit(annotation, form, marked.size, lossy=lossy)
        except ExportError as error:
            if not lossy:
                raise ExportError(
                    error.problem, path=marked.name, advice=error.advice
                ) from error
            continue
        found.append(fitted)
        own += [fitted] if type(annotation) in form.kinds else []
    why = form.crowded(found)
    if why and not lossy:
        raise ExportError(why, path=marked.name, advice=advice_of_one(marked))
    return _that_have_room(found, own, form) if why else tuple(found)


def advice_of_one(marked: Marked) -> str:
    """What to do where only one annotation of a picture has room."""
    names = " or ".join(repr(name) for name in names_of(marked.annotations))
    return (
        f"Choose one of them: {names} (--annotation NAME on the command line); or take "
        "COCO JSON, or allow losses."
    )


def _that_have_room(
    found: Sequence[Annotation], own: Sequence[Annotation], form: Form
) -> tuple[Annotation, ...]:
    kept: list[Annotation] = []
    for one in sorted(found, key=lambda one: not any(one is other for other in own)):
        if not form.crowded([*kept, one]):
            kept.append(one)
    return tuple(one for one in found if any(one is other for other in kept))


def _advice(annotation: Annotation, form: Form, lossy: bool) -> str:
    able = [
        other.title
        for other in sorted(base.FORMS.values(), key=lambda f: f.key not in _FIRST)
        if other.key != form.key
        and type(annotation) in other.kinds
        and not other.refuses(annotation)
    ]
    said = f"Choose {' or '.join(able[:4])}" if able else "Leave it out"
    return f"{said}." if lossy else f"{said}, or allow losses."
