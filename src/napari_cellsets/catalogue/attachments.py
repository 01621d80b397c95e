"""Files of a set that say more about its samples: annotations and further pictures."""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from napari_cellsets.formats.layouts import Paired
from napari_cellsets.formats.listing import Listing
from napari_cellsets.formats.pairs import Pairs
from napari_cellsets.formats.words import WORDS
from napari_cellsets.formats.words.joining import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from napari_cellsets.catalogue.recipe import Recipe
    from napari_cellsets.formats.files import FileTree
    from napari_cellsets.formats.layouts import Attached, Layout
    from napari_cellsets.formats.pairs import Pair
    from napari_cellsets.formats.templates import Template
    from napari_cellsets.formats.words import WordOptions


class Attachments:
    """What a row's annotations and further pictures find in a tree.

    Parameters
    ----------
    recipe
        The row.
    names
        All names of the tree.
    """

    def __init__(self, recipe: Recipe, names: Sequence[str]) -> None:
        self._recipe = recipe
        names, layout = Listing.of(names), recipe.layout
        self._annotations = [
            [layout.attach(template, names) for template in entry.file]
            for entry in recipe.annotations
        ]
        self._beside = [layout.attach(row.images, names) for row in recipe.beside]

    def annotations_of(
        self, values: Mapping[str, str | None], image: str = ""
    ) -> Iterator[tuple[WordOptions, tuple[str, ...]]]:
        """Each annotation of the row with its files for one sample.

        Parameters
        ----------
        values
            What the marks of the picture's template stand for.
        image
            Name of the picture, for words that take the nearest files only.
        """
        pairs = zip(self._recipe.annotations, self._annotations, strict=True)
        for entry, places in pairs:
            found = next(filter(None, (place.of(values) for place in places)), ())
            yield entry, nearest(image, found) if entry.nearest else found

    def beside_of(
        self, number: int, values: Mapping[str, str | None]
    ) -> tuple[str, ...]:
        """Files of one of the row's further pictures."""
        return self._beside[number].of(values)

    def all_beside(self, pair: Pair) -> Iterator[str]:
        """Names of all further pictures of one pair."""
        marks = self._recipe.layout.image_template.marks
        values = dict(zip(marks, pair.values, strict=True))
        for place in self._beside:
            yield from place.of(values)

    def has_truth(self, tree: FileTree) -> bool:
        """Whether any file is really what a word of the row reads."""
        pairs = zip(self._recipe.annotations, self._annotations, strict=True)
        for entry, places in pairs:
            files = [name for place in places for name in _names(place)]
            if files and WORDS[entry.word].fits(tree, entry, files):
                return True
        return False

    def misfit(self, tree: FileTree) -> bool:
        """Whether files are named as those of the row, but none of them is one."""
        named = any(place.by_key for places in self._annotations for place in places)
        return named and not self.has_truth(tree)

    def owner(self, name: str, paired: Paired) -> str:
        """Picture that a file stands beside, or is made of; empty if none.

        A table of the set stands beside all of its pictures.
        """
        if name.rpartition("/")[2].lower() in map(str.lower, tables_of(self._recipe)):
            return next((pair.image for pair in paired.pairs), "")
        marks = self._recipe.layout.image_template.marks
        for place in self._beside:
            if not place.template.match(name):
                continue
            for pair in paired.pairs:
                if name in place.of(dict(zip(marks, pair.values, strict=True))):
                    return pair.image
        if self._recipe.events is not None:  # the preview of a recording
            start = f"{name.rpartition('.')[0]}."
            return next(
                (p.image for p in paired.pairs if p.image.startswith(start)), ""
            )
        return self._made_of(name, paired)

    def _made_of(self, name: str, paired: Paired) -> str:
        source, layout = self._recipe.samples_from, self._recipe.layout
        if source is None or source.form:
            return ""
        values = layout.template_of(source.file).match(name)
        if values is None:
            return ""
        marks = layout.image_template.marks
        for pair in paired.pairs:
            own = dict(zip(marks, pair.values, strict=True))
            if all((own.get(mark) or "") == text for mark, text in values.items()):
                return pair.image
        return ""

    def beside_in(self, start: str, paired: Paired) -> list[Pair]:
        """Pairs of which a further picture lies in a folder."""
        marks = self._recipe.layout.image_template.marks
        return [
            pair
            for pair in paired.pairs
            for values in (dict(zip(marks, pair.values, strict=True)),)
            if any(f.startswith(start) for p in self._beside for f in p.of(values))
        ]

    def files_of(
        self, values: Mapping[str, str | None], image: str = ""
    ) -> tuple[str, ...]:
        """All files of annotations of one sample, those of the set last."""
        own: list[str] = []
        of_all: list[str] = []
        pairs = zip(self._recipe.annotations, self._annotations, strict=True)
        for entry, places in pairs:
            for place in places:
                found = place.of(values)
                if found:
                    found = nearest(image, found) if entry.nearest else found
                    (own if place.own else of_all).extend(found)
                    break
        return tuple(dict.fromkeys((*own, *of_all)))

    def attach(self, paired: Paired) -> Paired:
        """Add files of annotations to the pairs; such files are no samples.

        Parameters
        ----------
        paired
            Pictures with their masks.
        """
        places = [*chain.from_iterable(self._annotations), *self._beside]
        if not any(place.by_key for place in places):
            return paired
        taken = self.names
        marks = self._recipe.layout.image_template.marks
        files_of = self.files_of if self._annotations else _none
        pairs = Pairs(
            pair._replace(
                more=files_of(dict(zip(marks, pair.values, strict=True)), pair.image)
            )
            for pair in paired.pairs
            # the picture of a stack may be one of its planes
            if pair.image not in taken or pair.image in self.all_beside(pair)
        )
        return Paired(pairs, paired.lonely_truth)

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of all files that belong to some pictures, not to the whole set."""
        return frozenset(name for place in self._own() for name in _names(place))

    def _own(self) -> Iterator[Attached]:
        for places in self._annotations:
            yield from (place for place in places if place.own)
        yield from self._beside


def _names(place: Attached) -> Iterator[str]:
    for files in place.by_key.values():
        yield from files


def _none(values: Mapping[str, str | None], image: str) -> tuple[str, ...]:
    return ()


def templates_of(recipe: Recipe, layout: Layout) -> list[Template]:
    """All templates of a row: pictures, masks, annotations, further pictures."""
    found = [layout.image_template, layout.truth_template]
    texts = [text for entry in recipe.annotations for text in entry.file]
    texts += [row.images for row in recipe.beside]
    if recipe.samples_from is not None:
        texts.append(recipe.samples_from.file)
    texts += tables_of(recipe)
    return [
        *(template for template in found if template is not None),
        *map(layout.template_of, texts),
    ]


def tables_of(recipe: Recipe) -> list[str]:
    """Names of the tables of a row."""
    table = recipe.table
    return [] if table is None else [f for f in (table.file, *table.further) if f]


def files_of(pair: Pair) -> tuple[str, ...]:
    """All files of a sample but its picture."""
    return (*pair.truth, *pair.more)
