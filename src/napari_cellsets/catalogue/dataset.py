"""A row bound to a place on disk: its samples, read when asked for."""

from __future__ import annotations

import threading
from copy import copy
from dataclasses import replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from napari_cellsets.catalogue.completeness import Completeness, completeness_of
from napari_cellsets.catalogue.identity import own_identity, published_identity
from napari_cellsets.catalogue.own_splits import split_finder
from napari_cellsets.catalogue.problems import problems_of_files
from napari_cellsets.catalogue.recorded import RecordedSet
from napari_cellsets.catalogue.samples import (
    FOLDER_SPLIT,
    Samples,
    classes_of,
    kinds_of,
    problems_of_table,
    split_fact,
)
from napari_cellsets.catalogue.tables import told_by_table
from napari_cellsets.core.annotation import ImageClass
from napari_cellsets.core.errors import (
    CellsetsError,
    ExportError,
    NotRecognisedError,
)
from napari_cellsets.core.image import Picture
from napari_cellsets.formats.annotations import (
    AnnotationForm,
    is_mask,
    write_labels,
)
from napari_cellsets.formats.codecs import (
    check_ends,
    read_picture,
    read_plane,
)
from napari_cellsets.formats.files import Problem
from napari_cellsets.formats.names import as_text, without_archive_ending
from napari_cellsets.formats.thumbnails import read_thumbnail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from napari_cellsets.catalogue.detect import Bound
    from napari_cellsets.core.sample import Sample


class Dataset(RecordedSet):
    """Samples of one data set at one place.

    Made by `open_dataset`. Reading is safe from several threads at once.

    Attributes
    ----------
    recipe
        The row of the catalogue.
    path
        What was opened, absolute.
    tree
        Its files; names of samples' files are relative to ``tree.root``.
    samples
        All samples in natural order.
    start
        Index of the picture that was opened, else 0.
    class_table
        Ids, names and colours of classes; grows where files name more of them.
    split_kinds
        What the set can be split by, where there are several ways (``patient``,
        ``folder``), the one in use first; see `split_by`.
    """

    def __init__(self, bound: Bound, path: Path) -> None:
        self.recipe = bound.match.recipe
        self.path = path
        self.tree = bound.tree
        told = told_by_table(self.recipe, self.tree)
        self.samples: Sequence[Sample] = Samples(
            self.recipe,
            bound.paired.pairs,
            told,
            split_finder(self.recipe, self.tree),
        )
        self.split_kinds: tuple[str, ...] = (
            (told.split_by, FOLDER_SPLIT) if told.splits and told.split_by else ()
        )
        wraps = {wrap for (wrap,) in chain.from_iterable(bound.paired.pairs.tally([0]))}
        self._around = (wraps.pop() or "") if len(wraps) == 1 else ""
        self._bind(bound)
        self._lock = threading.Lock()
        self._problems = problems_of_files(bound, self.samples)
        for problem in problems_of_table(self.recipe, self.samples, told):
            self._problems[(problem.name, problem.message)] = problem
        self.start = (
            (self._index.get(bound.dropped_file) or 0) if bound.dropped_file else 0
        )

    @property
    def problems(self) -> list[Problem]:
        """What was found wrong so far; grows as samples are read."""
        with self._lock:
            return list(self._problems.values())

    @property
    def kind(self) -> Literal["fields", "cells"]:
        """``cells`` where each picture is one cell of one class, else ``fields``."""
        return self.recipe.kind

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Names of classes, in an order that does not change.

        Of single cells those that the row names (also where none of them is
        there), else those found, in natural order. Of fields the classes of
        objects.
        """
        return classes_of(self.recipe, self.samples)

    def class_of(self, sample: Sample) -> ImageClass | None:
        """Class of a picture of one cell, by its path; nothing is read.

        Parameters
        ----------
        sample
            One of `samples`.

        Returns
        -------
        ImageClass or None
            Its name as in `classes`; None in a set of fields.
        """
        name = sample.facts.get("class", "") if self.kind == "cells" else ""
        if not name:
            return None
        return ImageClass(name, sample.image, self.class_table.path_of(name))

    @cached_property
    def splits(self) -> dict[str, int]:
        """Number of samples of each split; empty where the set has none."""
        counts: dict[str, int] = {}
        for split, _, count in kinds_of(self.samples):
            if split:
                counts[split] = counts.get(split, 0) + count
        return counts

    def split_by(self, kind: str) -> Dataset:
        """Return the same set with another of its splits.

        Parameters
        ----------
        kind
            One of `split_kinds`.

        Raises
        ------
        NotRecognisedError
            If the set has no such split; the message lists those there are.
        """
        if kind not in self.split_kinds:
            known = ", ".join(self.split_kinds) or "none to choose from"
            raise NotRecognisedError(
                f"there is no split by {kind!r}",
                path=self.path,
                advice=f"Known are: {known}.",
            )
        other = copy(self)
        for cached in ("splits", "completeness"):
            other.__dict__.pop(cached, None)
        fact = split_fact(kind)
        other.samples = tuple(
            [replace(s, split=s.facts.get(fact, "")) for s in self.samples]
        )
        others = (name for name in self.split_kinds if name != kind)
        other.split_kinds = (kind, *others)
        return other

    @cached_property
    def completeness(self) -> Completeness:
        """How much of what is published is there."""
        classes = self.classes if self.kind == "cells" else ()
        return completeness_of(self.recipe, self.samples, classes)

    @cached_property
    def identity(self) -> str:
        """Text that stays the same when the set is moved, zipped or completed.

        A published set is known by its key; one of common names (``000``) only
        while it is complete; a resized copy of single cells also by its size.
        Other sets are known by the name of their folder and the content of their
        first picture.
        """
        sure = not self.recipe.common_names or self.completeness.complete
        if self.recipe.rank == 2 and sure:
            return published_identity(self.recipe, self.tree, self.samples[0].image)
        return own_identity(self.recipe, self.tree, self.samples[0].image, self._around)

    def find(self, path: str | Path) -> int | None:
        """Index of the sample that a file belongs to, None if to none.

        Parameters
        ----------
        path
            A path on disk, a name in `tree`, or the name of a sample.
        """
        text = str(path)
        if Path(path).is_absolute():
            try:
                text = as_text(Path(path).relative_to(self.tree.root).as_posix())
            except ValueError:
                return None
        return self._index.get(text)

    def read_picture(self, sample: Sample) -> Picture:
        """Decode the picture of a sample.

        Raises
        ------
        UnreadableFileError, UnsafeArchiveError
            If it cannot be read; this is added to `problems` too.
        """
        try:
            picture = read_picture(self.tree, sample.image)
        except CellsetsError as error:
            self._note(sample, error)
            raise
        scale = self.recipe.pixel_size_um or picture.pixel_size_um
        return Picture(picture.pixels, picture.axes, picture.channel_names, scale)

    def looks_whole(self, sample: Sample) -> bool:
        """Whether head and end of a picture are good, without decoding it.

        What is wrong is added to `problems`.
        """
        try:
            check_ends(self.tree, sample.image)
        except CellsetsError as error:
            self._note(sample, error)
            return False
        return True

    def thumbnail(self, sample: Sample, size: int = 128) -> np.ndarray:
        """Small picture of a sample.

        Parameters
        ----------
        sample
            One of `samples`.
        size
            Longer edge in pixels.

        Returns
        -------
        ndarray
            uint8, shape (height, width, 3); dim pictures are stretched.

        Raises
        ------
        UnreadableFileError, UnsafeArchiveError
            If it cannot be read; this is added to `problems` too.
        """
        try:
            return read_thumbnail(self.tree, sample.image, size)
        except CellsetsError as error:
            self._note(sample, error)
            raise

    def write_labels(
        self, sample: Sample, labels: np.ndarray, out_root: str | Path
    ) -> list[Path]:
        """Write labels in the set's own format, under the set's own names.

        Parameters
        ----------
        sample
            One of `samples`; it need not have truth.
        labels
            Integers, shape (y, x); 0 is background.
        out_root
            Folder that receives the same relative paths.

        Returns
        -------
        list of Path
            The files written.

        Raises
        ------
        ExportError
            If `out_root` is the set itself, if the labels cannot be said in
            its format, or if a file cannot be written.
        """
        root = Path(out_root).expanduser().absolute()
        if root.resolve() == self.tree.root.resolve():
            raise ExportError(
                "this is the data set itself, which is never changed",
                path=root,
                advice="Choose another folder.",
            )
        form, name = self._target(sample)
        return write_labels(form, labels, root / name)

    @cached_property
    def _index(self) -> Mapping[str, int]:
        index: dict[str, int] = {}
        for place, sample in enumerate(self.samples):
            for name in (sample.image, sample.name, *sample.annotations):
                index.setdefault(name, place)
        return index

    def _note(self, sample: Sample, error: CellsetsError | str) -> None:
        message = str(error)
        with self._lock:
            self._problems.setdefault(
                (sample.name, message), Problem(sample.name, message)
            )

    def _target(self, sample: Sample) -> tuple[AnnotationForm, str]:
        """Form and relative path of what is written for a sample."""
        form = self.recipe.form
        layout = self.recipe.layout
        if form is None:
            return AnnotationForm("instances"), f"{_stem(sample.image)}_labels.png"
        if form.word == "object-files":
            name = layout.truth_name(sample.image, {"object": "object"})
            return form, _unzipped(name.rpartition("/")[0])
        masks = self._mask_files(sample)
        if not masks:
            return form, _unzipped(layout.truth_name(sample.image, {}))
        name = masks[0]
        return self._form_of(form, name), _unzipped(f"{_stem(name)}{_ending(name)}")

    def _form_of(self, form: AnnotationForm, name: str) -> AnnotationForm:
        """Word and depth of the file that is there."""
        try:
            plane = read_plane(self.tree, name)
        except CellsetsError:
            return form
        word = form.word
        if word == "either":
            word = "components" if plane.any() and is_mask(plane) else "instances"
        return AnnotationForm(word, 16 if plane.dtype.itemsize == 2 else 8)


def _stem(name: str) -> str:
    folder, slash, file = name.rpartition("/")
    return f"{folder}{slash}{file.rpartition('.')[0] or file}"


def _ending(name: str) -> str:
    return ".tif" if name.lower().endswith((".tif", ".tiff")) else ".png"


def _unzipped(name: str) -> str:
    """A path through archives becomes one through folders."""
    return "/".join(map(without_archive_ending, name.split("/")))
