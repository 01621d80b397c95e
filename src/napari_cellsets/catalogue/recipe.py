"""A row of the catalogue: what is published about one data set, and how it lies.

Rows are data: no conditions, no expressions. A row that says something unknown
is refused with its file, its key and what is known.
"""

from __future__ import annotations

import tomllib
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SerializeAsAny, ValidationError, field_validator

from napari_cellsets.catalogue.row_parts import (
    AnnotationRow,
    BesideRow,
    EventsRow,
    Expect,
    SamplesFrom,
    TableRow,
)
from napari_cellsets.core.errors import RecipeError
from napari_cellsets.core.evented import FrozenModel
from napari_cellsets.formats.annotations import AnnotationForm
from napari_cellsets.formats.classes import ClassTable
from napari_cellsets.formats.layouts import Layout
from napari_cellsets.formats.words import WORDS, WordOptions


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
    class_ids, class_colours
        Id and colour (red, green, blue) of classes by name, where published; other
        classes count from 1.
    class_aliases
        Other spellings of classes that occur in files.
    class_parents
        ``{class: class above it}`` of a hierarchy.
    pixel_size_um
        Edge of a pixel where one is published for all pictures, else None.
    magnification
        Of the objective, as published: ``40x``.
    aliases
        Other names of the set.
    certainty, layout_notes
        What the layout is known from, and what of it is not sure; shown on its page.
    images, truth
        Path templates; see `formats.templates`.
    choices
        Texts that marks of the templates may stand for.
    annotation
        How objects of `truth` are written down; None for a set without such masks.
    annotations
        Further annotations, each a word of `formats.words` with its options.
    beside
        Further pictures of each sample.
    samples_from
        Where samples come from when no picture is there; they are shown blank.
    events
        That samples are recordings of events (or pictures, where `images` has them).
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
    prefer
        Added to the score, to tell arrangements apart that fit the same names.
    coverage
        Share of the pictures that must be named as `images` says.
    signs
        Classes of which one at least must be there, for a set whose other
        classes are those of many sets.
    homes
        Names of folders or archives, one of which must be around the set for it to
        be recognised, where the arrangement alone says too little; see `homes`.
    arrays
        Names of MATLAB files whose arrays are files of the set; see `formats.mat_tree`.
    needs
        Templates of files, one of which must lie there for the same reason.
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
    class_ids: dict[str, int] = Field(default_factory=dict)
    class_colours: dict[str, tuple[int, int, int]] = Field(default_factory=dict)
    class_aliases: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    class_parents: dict[str, str] = Field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    certainty: Literal["real files", "published layout", "uncertain", ""] = ""
    layout_notes: tuple[str, ...] = ()
    magnification: str = ""
    pixel_size_um: float | None = Field(default=None, gt=0)
    images: str
    truth: str | None = None
    choices: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    annotation: AnnotationRow | None = None
    annotations: tuple[SerializeAsAny[WordOptions], ...] = ()
    beside: tuple[BesideRow, ...] = ()
    samples_from: SamplesFrom | None = None
    events: EventsRow | None = None
    unannotated: tuple[str, ...] = ()
    split_lists: dict[str, str] = Field(default_factory=dict)
    split_else: str = ""
    facts: dict[str, dict[str, dict[str, str]]] = Field(default_factory=dict)
    table: TableRow | None = None
    remarks: dict[str, str] = Field(default_factory=dict)
    prefer: float = Field(default=0, ge=-0.1, le=0.1)
    coverage: float = Field(default=0.3, ge=0, le=1)
    signs: tuple[str, ...] = ()
    homes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    arrays: tuple[str, ...] = ()
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

    @field_validator("annotations", mode="before")
    @classmethod
    def _words_are_known(cls, entries: object) -> object:
        if not isinstance(entries, list | tuple):
            return entries
        return [_options_of(entry) for entry in entries]

    def class_table(self) -> ClassTable:
        """Make a table of the classes that this row declares."""
        return ClassTable.of(
            self.declared_classes,
            ids=self.class_ids,
            colours=self.class_colours,
            aliases=self.class_aliases,
            parents=self.class_parents,
        )

    @cached_property
    def layout(self) -> Layout:
        """The layout words of this row."""
        choices = dict(self.choices)
        if self.kind == "cells" and self.declared_classes:
            choices["class"] = (*self.classes, *self.other_spellings)
        if self.events is not None:
            from napari_cellsets.catalogue.recordings import EVENT_SUFFIXES

            choices.setdefault("ext", EVENT_SUFFIXES)
        return Layout(self.images, self.truth, choices)

    @cached_property
    def other_spellings(self) -> dict[str, str]:
        """Class of each further spelling that occurs in paths and tables."""
        return {
            other: name
            for name, others in self.class_aliases.items()
            for other in others
        }

    @property
    def class_in_path(self) -> bool:
        """Whether paths name the class of single cells; else the table does."""
        return "class" in self.layout.image_template.marks

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


def _options_of(entry: object) -> object:
    """Options of one annotation, checked by the model of its word."""
    if not isinstance(entry, dict):
        return entry
    name = str(entry.get("word"))
    if name not in WORDS:
        raise ValueError(f"the word {name!r} is not known; known: {', '.join(WORDS)}")
    options = WORDS[name].options
    unknown = [key for key in entry if key not in options.model_fields]
    if unknown:
        known = ", ".join(options.model_fields)
        raise ValueError(
            f"{name!r} has no option {unknown[0]!r}; its options are {known}"
        )
    return options.model_validate(entry)


def _explained(error: ValidationError, file: Path) -> RecipeError:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        models: dict[str, type[FrozenModel]] = {
            "expect": Expect,
            "annotation": AnnotationRow,
            "table": TableRow,
            "samples_from": SamplesFrom,
            "events": EventsRow,
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
