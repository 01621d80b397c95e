"""Read all that is marked in a sample, in whatever words its row uses."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_cellsets.catalogue.tables import stem_of
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.codecs import read_shape
from napari_cellsets.formats.words import WORDS, Ask, SetCache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from napari_cellsets.catalogue.attachments import Attachments
    from napari_cellsets.catalogue.recipe import Recipe
    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.formats.classes import ClassTable
    from napari_cellsets.formats.files import FileTree
    from napari_cellsets.formats.words import WordOptions

_KEPT = 2


class AnnotationReader:
    """The words of a row, bound to the files of a set.

    Parameters
    ----------
    recipe, tree, attachments
        A row at its place.
    classes
        The classes of the set.
    """

    def __init__(
        self,
        recipe: Recipe,
        tree: FileTree,
        attachments: Attachments,
        classes: ClassTable,
    ) -> None:
        self._recipe, self._tree = recipe, tree
        self._attachments, self._classes = attachments, classes
        self._shared = SetCache()
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[list[Annotation], list[WordOptions]]] = (
            OrderedDict()
        )
        self._layout = recipe.layout

    def values_of(self, sample: Sample) -> dict[str, str]:
        """What the marks of the picture's template stand for."""
        return self._layout.image_template.match(sample.image) or {}

    def read(
        self, sample: Sample, note: Callable[[CellsetsError | str], None]
    ) -> list[Annotation]:
        """Read one sample, word by word.

        What was read last is kept, as truth and annotations are asked for in turn.

        Parameters
        ----------
        sample
            A sample of the set.
        note
            Told what is wrong; the other annotations are read all the same.

        Returns
        -------
        list of Annotation
            In the order of the row.
        """
        return self.read_with_entries(sample, note)[0]

    def read_with_entries(
        self, sample: Sample, note: Callable[[CellsetsError | str], None]
    ) -> tuple[list[Annotation], list[WordOptions]]:
        """Read one sample; also what the row says of each annotation."""
        with self._lock:
            kept = self._kept.get(sample.name)
        if kept is None:
            pairs = list(self._words(sample, note))
            kept = [one for _, one in pairs], [entry for entry, _ in pairs]
            with self._lock:
                self._kept[sample.name] = kept
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return kept

    def _words(
        self, sample: Sample, note: Callable[[CellsetsError | str], None]
    ) -> Iterator[tuple[WordOptions, Annotation]]:
        values = self.values_of(sample)
        found = self._attachments.annotations_of(values, sample.image)
        for options, files in found:
            ask = self._ask(options, sample, values, files, note)
            try:
                annotations = WORDS[options.word].read(ask, options)
            except CellsetsError as error:
                note(error)
                continue
            for annotation in annotations:
                named = annotation
                if options.title:
                    named = replace(annotation, source=options.title)
                yield options, named

    def _ask(
        self,
        options: WordOptions,
        sample: Sample,
        values: Mapping[str, str],
        files: tuple[str, ...],
        note: Callable[[CellsetsError | str], None],
    ) -> Ask:
        tree = self._tree

        def tell(file: str, message: str) -> None:
            place = tree.place(file)
            end = "" if message.endswith(".") else "."
            note(message if place in message else f"{place}: {message}{end}")

        def marks(file: str) -> Mapping[str, str]:
            for text in options.file:
                found = self._layout.template_of(text).match(file)
                if found is not None:
                    return found
            return {}

        return Ask(
            tree,
            sample.image,
            stem_of(sample.image),
            values,
            files,
            _once(lambda: self._size(sample)),
            self._classes,
            self._shared,
            sample.facts,
            marks,
            tell,
        )

    def _size(self, sample: Sample) -> tuple[int, int] | None:
        try:
            *_, height, width = read_shape(self._tree, sample.image)
        except CellsetsError:
            return None  # the picture's own trouble is told when it is read
        return height, width


def _once(
    make: Callable[[], tuple[int, int] | None],
) -> Callable[[], tuple[int, int] | None]:
    found: list[tuple[int, int] | None] = []

    def ask() -> tuple[int, int] | None:
        if not found:
            found.append(make())
        return found[0]

    return ask
