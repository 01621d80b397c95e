"""What a data set offers of a sample besides its picture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

from napari_cellsets.catalogue.beside import read_beside
from napari_cellsets.catalogue.instances import OUTLINED, drawn_from, instances_of
from napari_cellsets.catalogue.reading import AnnotationReader
from napari_cellsets.core.annotation import LabelImage, MaskStack
from napari_cellsets.core.annotation_names import names_of
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.annotations import AnnotationForm, read_labels
from napari_cellsets.formats.canvas_tree import CanvasTree
from napari_cellsets.formats.codecs import read_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellsets.catalogue.attachments import Attachments
    from napari_cellsets.catalogue.detect import Bound
    from napari_cellsets.catalogue.recipe import Recipe
    from napari_cellsets.core.annotation import Annotation, ImageClass
    from napari_cellsets.core.image import Picture
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.formats.classes import ClassTable
    from napari_cellsets.formats.files import FileTree
    from napari_cellsets.formats.words import WordOptions


TRUTH = "truth"
"""In `WordOptions.objects` the masks of the row."""


class NamedAnnotation(NamedTuple):
    """What is marked, under the name by which its corrections are kept.

    Parameters
    ----------
    name
        Empty for the ground truth.
    annotation
        As the data set has it.
    counted
        Whether `AnnotatedSet.read_truth` returns its objects, or draws them.
    objects
        Which objects it marks, as of `WordOptions.objects`; empty where nothing else
        marks the same.
    """

    name: str
    annotation: Annotation
    counted: bool = False
    objects: str = ""


class AnnotatedSet(ABC):
    """The part of `Dataset` that reads what is marked in samples."""

    recipe: Recipe
    tree: FileTree
    class_table: ClassTable
    _attachments: Attachments
    _reader: AnnotationReader

    def _bind(self, bound: Bound) -> None:
        self.class_table = self.recipe.class_table()
        self._attachments = bound.attachments
        self._reader = AnnotationReader(
            self.recipe, self.tree, bound.attachments, self.class_table
        )

    @abstractmethod
    def class_of(self, sample: Sample) -> ImageClass | None:
        """Class of a picture of one cell; see `Dataset`."""

    @abstractmethod
    def _note(self, sample: Sample, error: CellsetsError | str) -> None:
        """Keep what was found wrong with a sample."""

    def is_blank(self, sample: Sample) -> bool:
        """Whether a canvas stands for the picture of a sample, which is not there."""
        return isinstance(self.tree, CanvasTree) and sample.image in self.tree.canvases

    def read_truth(self, sample: Sample) -> LabelImage | None:
        """Read the ground truth of a sample as instances.

        Masks as they are; else the first outlines that the row names (or those it
        says are counted) drawn into one image.

        Returns
        -------
        LabelImage or None
            int32 labels of the size of the picture; None where there is none, or
            where objects overlap (see `why_no_truth`).

        Raises
        ------
        UnreadableFileError, UnsafeArchiveError
            If there is truth that cannot be read or has another size than the
            picture; this is added to `problems` too. The picture still opens.
        """
        if self.recipe.form is not None:
            return self._read_masks(sample, self.recipe.form)
        labels, _ = self._instances(sample)
        return labels

    def why_no_truth(self, sample: Sample) -> str:
        """Why `read_truth` has nothing for a sample; empty where it has something."""
        if self.recipe.form is not None:
            masks = self._mask_files(sample)
            return "" if masks else "There is no mask of this picture."
        if not self.recipe.annotations:
            return "This set has no outlines of objects."
        return self._instances(sample)[1]

    def read_annotations(
        self, sample: Sample, *, masks: bool = True
    ) -> tuple[Annotation, ...]:
        """Read all that is marked in a sample, each in its own kind.

        Parameters
        ----------
        sample
            One of `samples`.
        masks
            Whether to return masks that `read_truth` returns, too.

        Returns
        -------
        tuple of Annotation
            Masks first, then what the row names, in its order; of a picture of one
            cell its class. What cannot be read is added to `problems` and left out.
        """
        found: list[Annotation] = []
        if masks and self.recipe.form is not None:
            try:
                truth = self._read_masks(sample, self.recipe.form)
            except CellsetsError:
                truth = None  # told in problems
            found += [] if truth is None else [truth]
        note = partial(self._note, sample)
        read = self._reader.read(sample, note)
        skip = () if masks else self._same_as_truth(sample)
        found += [one for place, one in enumerate(read) if place not in skip]
        whole = self.class_of(sample)
        return (*found, whole) if whole is not None else tuple(found)

    def read_listed(self, sample: Sample) -> tuple[NamedAnnotation, ...]:
        """Read all that is marked in a sample, with the names of what is written.

        Returns
        -------
        tuple of NamedAnnotation
            As of `read_annotations`, each with its name among all of them.
        """
        found = self.read_annotations(sample)
        read, entries = self._reader.read_with_entries(
            sample, partial(self._note, sample)
        )
        counted = () if self.recipe.form is not None else self._counted(sample)
        said = [
            (place in counted, entries[place].objects) for place in range(len(read))
        ]
        said += [] if self.class_of(sample) is None else [(False, "")]
        masks = [(True, TRUTH)] * (len(found) - len(said))
        named = zip(names_of(found), found, [*masks, *said], strict=True)
        return tuple(NamedAnnotation(name, one, *more) for name, one, more in named)

    def read_named(self, sample: Sample) -> tuple[NamedAnnotation, ...]:
        """Read all that is marked in a sample, with the names of corrections of it.

        Returns
        -------
        tuple of NamedAnnotation
            As of `read_annotations`. What `read_truth` returns has an empty name,
            all others those of `core.annotation_names`, without the truth.
        """
        note = partial(self._note, sample)
        read, entries = self._reader.read_with_entries(sample, note)
        same = self._same_as_truth(sample)
        whole = self.class_of(sample)
        rest = [one for place, one in enumerate(read) if place not in same]
        rest += [] if whole is None else [whole]
        names = iter(names_of(rest))
        masks = self.recipe.form is not None
        counted = () if masks else self._counted(sample)
        found = []
        if masks:
            truth = self.read_annotations(sample)[: -len(rest) or None]
            found = [NamedAnnotation("", one, True, TRUTH) for one in truth]
        for place, one in enumerate(read):
            name = "" if place in same else next(names)
            objects = entries[place].objects
            found.append(NamedAnnotation(name, one, place in counted, objects))
        ends = [] if whole is None else [NamedAnnotation(next(names), whole)]
        return (*found, *ends)

    def mark_of(self, sample: Sample, mark: str) -> str:
        """Return what a mark of the picture's path stands for; empty for no mark."""
        return self._reader.values_of(sample).get(mark, "")

    def own_files(
        self, sample: Sample
    ) -> dict[str, tuple[WordOptions, tuple[str, ...]]]:
        """Return where the annotations of a sample come from.

        Returns
        -------
        dict
            By the name of each, as of `read_named`: what the row says of it, and its
            files in `tree`. The masks of a row with `truth` are not among them.
        """
        note = partial(self._note, sample)
        _, entries = self._reader.read_with_entries(sample, note)
        values = self._reader.values_of(sample)
        found = self._attachments.annotations_of(values, sample.image)
        files = {id(entry): names for entry, names in found}
        masks = self.recipe.form is not None
        named = [one for one in self.read_named(sample) if one.name or not masks]
        return {
            one.name: (entry, files[id(entry)])
            for one, entry in zip(named, entries, strict=False)
        }

    def drawn_from(self, sample: Sample) -> list[tuple[int, int]]:
        """Tell of which outlines the objects of `read_truth` were drawn.

        Parameters
        ----------
        sample
            One of `samples`, whose truth comes from outlines alone.

        Returns
        -------
        list of (annotation, object)
            For each label from 1 its annotation, by its place among those of
            `read_named` that are `counted`, and its place there.
        """
        read = self._reader.read(sample, partial(self._note, sample))
        outlines = [read[place] for place in self._counted(sample)]
        return drawn_from(outlines, self._plane_size(sample))

    def beside(self, sample: Sample) -> tuple[str, ...]:
        """Titles of further pictures of a sample that are there."""
        return tuple(self._beside_files(sample))

    def beside_files(self, sample: Sample, title: str) -> tuple[str, ...]:
        """Files of a further picture in `tree`, of a stack one a plane, in order."""
        return self._beside_files(sample).get(title, (False, ()))[1]

    def read_beside(self, sample: Sample, title: str) -> Picture:
        """Decode a further picture of a sample.

        Parameters
        ----------
        sample
            One of `samples`.
        title
            One of `beside`.

        Returns
        -------
        Picture
            A stack has the axes ``zyx`` or ``zyxc``.

        Raises
        ------
        UnreadableFileError, UnsafeArchiveError
            If it is not there or cannot be read; this is added to `problems` too.
        """
        try:
            picture = read_beside(self.tree, self._beside_files(sample), title)
        except CellsetsError as error:
            self._note(sample, error)
            raise
        scale = self.recipe.pixel_size_um or picture.pixel_size_um
        return replace(picture, pixel_size_um=scale)

    def _beside_files(self, sample: Sample) -> dict[str, tuple[bool, tuple[str, ...]]]:
        """Of each further picture whether it is a stack, and its files."""
        values = self._reader.values_of(sample)
        rows = enumerate(self.recipe.beside)
        found = {
            row.title: (row.kind == "stack", self._attachments.beside_of(i, values))
            for i, row in rows
        }
        return {title: item for title, item in found.items() if item[1]}

    def _read_masks(self, sample: Sample, form: AnnotationForm) -> LabelImage | None:
        files = self._mask_files(sample)
        if not files:
            return None
        try:
            shape = self._picture_shape(sample)
            labels = read_labels(form, self.tree, files, shape)
        except CellsetsError as error:
            self._note(sample, error)
            raise
        return LabelImage(
            labels,
            source=files[0] if len(files) == 1 else sample.name,
            class_names=self._mask_classes,
        )

    @cached_property
    def _mask_classes(self) -> Mapping[int, str]:
        return self.class_table.names or dict(enumerate(self.recipe.classes, start=1))

    def _mask_files(self, sample: Sample) -> tuple[str, ...]:
        """Those of the sample's files that are masks of the row's `truth`."""
        template = self.recipe.layout.truth_template
        if template is None or not self.recipe.annotations:
            return sample.annotations if template is not None else ()
        return tuple(name for name in sample.annotations if template.match(name))

    def _instances(self, sample: Sample) -> tuple[LabelImage | None, str]:
        """Labels of the objects that count, or why there are none."""
        places, size = self._counted(sample), self._plane_size(sample)
        read = self._reader.read(sample, partial(self._note, sample))
        labels, why = instances_of([read[place] for place in places], size)
        if labels is not None and any(labels is one for one in read):
            labels = replace(labels, labels=labels.labels.copy())  # it may be painted
        return labels, why

    def _counted(self, sample: Sample) -> list[int]:
        """Which of the annotations are those that count: of one entry of the row."""
        note = partial(self._note, sample)
        read, entries = self._reader.read_with_entries(sample, note)
        outlined = [i for i, one in enumerate(read) if isinstance(one, OUTLINED)]
        chosen = [i for i in outlined if entries[i].counts] or outlined
        return [i for i in outlined if chosen and entries[i] is entries[chosen[0]]]

    def _same_as_truth(self, sample: Sample) -> set[int]:
        """Masks among the annotations that are those of `read_truth`."""
        if self.recipe.form is not None:
            return set()
        read = self._reader.read(sample, partial(self._note, sample))
        counted = self._counted(sample)
        same = {i for i in counted if isinstance(read[i], LabelImage | MaskStack)}
        return same if same and self._instances(sample)[0] is not None else set()

    def _plane_size(self, sample: Sample) -> tuple[int, int] | None:
        shape = self._picture_shape(sample)
        return None if shape is None else (shape[-2], shape[-1])

    def _picture_shape(self, sample: Sample) -> tuple[int, ...] | None:
        try:
            return read_shape(self.tree, sample.image)
        except CellsetsError:
            return None  # the picture's own trouble is told when it is read
