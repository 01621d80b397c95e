"""``picture-class``: a mark of the path, or a fact, is the class of a picture."""

from __future__ import annotations

from napari_cellsets.core.annotation import ImageClass
from napari_cellsets.formats.words.base import Ask, Word, WordOptions


class PictureClassOptions(WordOptions):
    """Options of ``picture-class``; `class_from` or `class_is` names the class."""


def read(ask: Ask, options: PictureClassOptions) -> list[ImageClass]:
    """Return the class of the picture, with those above it in a hierarchy."""
    text = options.class_is or ask.known(options.class_from)
    if not text:
        return []
    name = ask.classes.name_of(text)
    return [ImageClass(name, ask.image, ask.classes.path_of(name))]


WORD = Word(PictureClassOptions, read)
