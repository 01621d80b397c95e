"""A row of the catalogue: what is published about one data set, and how it lies.

Rows are data: no conditions, no expressions. A row that says something unknown
is refused with its file, its key and what is known.
"""

from __future__ import annotations

import tomllib
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator

from napari_cellsets.core.errors import RecipeError
from napari_cellsets.core.evented import FrozenModel
from napari_cellsets.formats.annotations import AnnotationForm
from napari_cellsets.formats.layouts import Layout


class AnnotationRow(FrozenModel):
    """How objects are written down; see `formats.annotations`.

    ``image-class`` is the word of single-cell sets: there is no mask, the mark
    ``{class}`` of the path names what the picture shows.
    """

    word: Literal["components", "instances", "either", "object-files", "image-class"]
    depth: Literal[8, 16] = 8
    background: int | None = None


class Expect(FrozenModel):
    """Published counts.

    Parameters
    ----------
    samples, annotated
        Pictures in all, and pictures with truth.
    splits
        Pictures of each split.
    part_of, parts
        A mark of the layout and the pictures of each of its values, so that
        one part of a set (a colour, a split) is not called incomplete.
    classes
        Pictures of each class of a single-cell set.
    picture_sizes
        Published (width, height); one picture is looked at to tell rows apart.
    notes
        Known disagreements between what is published and what is on disk.
    """

    samples: int | None = None
    annotated: int | None = None
    splits: dict[str, int] = Field(default_factory=dict)
    part_of: str = ""
    parts: dict[str, int] = Field(default_factory=dict)
    classes: dict[str, int] = Field(default_factory=dict)
    picture_sizes: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()


class TableRow(FrozenModel):
    """A text table beside the pictures that says more about each of them.

    Parameters
    ----------
    file
        Its name.
    archive
        An archive that it may lie in, as downloaded.
    separator, columns
        As for `formats.tables.read_table`.
    named_by
        The column with names of pictures; folders and suffixes do not matter.
    facts
        ``{fact: column}``.
    split, split_by
        The column of a split that the folders do not have, and what it keeps
        together, such as ``patient``. It is then the split of the set; the one
        of the folders can be chosen.
    class_column
        The column with the class, which must be that of the folder.
    nothing
        Texts that stand for nothing, such as ``nan``.
    """

    file: str
    archive: str = ""
    separator: str = Field(default=",", min_length=1, max_length=1)
    columns: tuple[str, ...] = ()
    named_by: str
    facts: dict[str, str] = Field(default_factory=dict)
    split: str = ""
    split_by: str = ""
    class_column: str = ""
    nothing: tuple[str, ...] = ("nan",)


class Recipe(FrozenModel):
    """One data set.

    Parameters
    ----------
    key, title
        Short name for commands, and the name people know.
    licence, licence_url, doi, citation
        As published.
    classes
        Names of the classes of objects; ids count from 1. Of a single-cell set:
        what ``{class}`` may stand for; left out where it may be anything.
    class_titles
        Names for people, of classes that are published as codes.
    pixel_size_um
        Edge of a pixel where one is published for all pictures, else None.
    images, truth
        Path templates; see `formats.templates`.
    choices
        Texts that marks of the templates may stand for.
    annotation
        How objects are written down; None for a set without truth.
    unannotated
        Splits that are published without truth.
    split_lists
        For a split that is no folder: its name and a text file beside the row
        with one sample name a line. `split_else` is the split of all others.
    facts
        ``{mark: {value: {fact: text}}}``: what is published about samples
        by a mark of their path. The fact ``class`` names the class of objects.
    table
        A table beside the pictures.
    remarks
        What is known of single files, by their names without folder and suffix.
    coverage
        Share of the pictures that must be named as `images` says.
    signs
        Classes of which one at least must be there, for a set whose other
        classes are those of many sets.
    never
        Texts that a mark never stands for: ``images`` is no class of cells.
    common_names
        Whether people's own sets have samples of the same names (``000``), so that
        an incomplete set may be another one.
    model
        Which of the shipped models suits: ``neurons`` or ``nuclei``; empty where the
        pictures should say.
    rank
        2 for a published set, 1 for an arrangement, 0 for plain pictures.
    """

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    licence: str = ""
    licence_url: str = ""
    doi: str = ""
    citation: str = ""
    about: str = ""
    classes: tuple[str, ...] = ("object",)
    class_titles: dict[str, str] = Field(default_factory=dict)
    pixel_size_um: float | None = Field(default=None, gt=0)
    images: str
    truth: str | None = None
    choices: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    annotation: AnnotationRow | None = None
    unannotated: tuple[str, ...] = ()
    split_lists: dict[str, str] = Field(default_factory=dict)
    split_else: str = ""
    facts: dict[str, dict[str, dict[str, str]]] = Field(default_factory=dict)
    table: TableRow | None = None
    remarks: dict[str, str] = Field(default_factory=dict)
    coverage: float = Field(default=0.3, ge=0, le=1)
    signs: tuple[str, ...] = ()
    never: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    common_names: bool = False
    model: Literal["neurons", "nuclei", ""] = ""
    rank: Literal[0, 1, 2] = 2
    expect: Expect = Expect()
    file: Path | None = None

    @field_validator("images", "truth")
    @classmethod
    def _template_is_known(cls, text: str | None) -> str | None:
        if text is not None:
            try:
                Layout(images=text).image_template  # noqa: B018
            except RecipeError as error:
                raise ValueError(str(error)) from error
        return text

    @cached_property
    def layout(self) -> Layout:
        """The layout words of this row."""
        choices = dict(self.choices)
        if self.kind == "cells" and self.declared_classes:
            choices["class"] = self.classes
        return Layout(self.images, self.truth, choices)

    @property
    def kind(self) -> Literal["fields", "cells"]:
        """Whether a picture is a field of many cells, or one cell of one class."""
        row = self.annotation
        return "cells" if row is not None and row.word == "image-class" else "fields"

    @property
    def declared_classes(self) -> tuple[str, ...]:
        """The classes that the row names; none where they are found on disk."""
        return self.classes if "classes" in self.model_fields_set else ()

    @cached_property
    def form(self) -> AnnotationForm | None:
        """How objects are written down; None where no object is outlined."""
        row = self.annotation
        if row is None or row.word == "image-class":
            return None
        return AnnotationForm(row.word, row.depth, row.background)

    @cached_property
    def split_of(self) -> dict[str, str]:
        """Split of each sample name that the row lists."""
        if self.file is None:
            return {}
        return {
            name.strip(): split
            for split, file in self.split_lists.items()
            for name in _lines(self.file.with_name(file))
            if name.strip()
        }


def read_recipe(file: Path) -> Recipe:
    """Read one row.

    Parameters
    ----------
    file
        A TOML file.

    Raises
    ------
    RecipeError
        If it cannot be read, is no TOML, or says something unknown; the message
        names the file, the key and what is known.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecipeError(f"this row cannot be read: {error}", path=file) from error
    if "file" in content:
        raise RecipeError("the key 'file' is not known in a row", path=file)
    try:
        recipe = Recipe.model_validate({**content, "file": file})
        recipe.split_of  # noqa: B018
    except ValidationError as error:
        raise _explained(error, file) from error
    return recipe


def _explained(error: ValidationError, file: Path) -> RecipeError:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        models: dict[str, type[FrozenModel]] = {
            "expect": Expect,
            "annotation": AnnotationRow,
            "table": TableRow,
        }
        model = models.get(
            str(first["loc"][0]) if len(first["loc"]) > 1 else "", Recipe
        )
        known = ", ".join(name for name in model.model_fields if name != "file")
        return RecipeError(
            f"the key {key!r} is not known", path=file, advice=f"Known keys: {known}."
        )
    return RecipeError(f"the key {key!r}: {first['msg']}", path=file)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise RecipeError(
            f"the list of a split cannot be read: {error.strerror}", path=file
        ) from error
