"""Masks of instances beside those of the row's `truth`: the words of `annotation`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from napari_cellsets.core.annotation import LabelImage
from napari_cellsets.formats.annotations import AnnotationForm, read_labels
from napari_cellsets.formats.words.base import Ask, Word, WordOptions

if TYPE_CHECKING:
    import numpy as np


class MaskOptions(WordOptions):
    """Options of ``components``, ``instances``, ``either`` and ``object-files``.

    Parameters
    ----------
    background
        A number that means background, too.
    void
        Numbers that mean no object, such as 255 for a border that nobody drew.
    """

    word: Literal["components", "instances", "either", "object-files"]
    background: int | None = None
    void: tuple[int, ...] = ()


def read(ask: Ask, options: MaskOptions) -> list[LabelImage]:
    """Read instances; see `formats.annotations`.

    Raises
    ------
    UnreadableFileError
        If a file is damaged or has another size than the picture.
    """
    if not ask.files:
        return []
    form = AnnotationForm(options.word, background=options.background)
    labels = read_labels(form, ask.tree, ask.files, ask.size())
    if options.void:
        labels = _without(labels, options.void)
    number = options.class_id(ask, ask.files[0])
    names = ask.classes.names
    if number is not None:
        names = {number: names[number]}
    return [LabelImage(labels, ask.files[0], names, class_colours=ask.classes.colours)]


def _without(labels: np.ndarray, void: tuple[int, ...]) -> np.ndarray:
    import numpy as np

    return np.where(np.isin(labels, void), np.int32(0), labels)


WORD = Word(MaskOptions, read)
