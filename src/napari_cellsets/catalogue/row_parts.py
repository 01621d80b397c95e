"""Parts of a row: truth, published counts, tables, further pictures."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from napari_cellsets.core.evented import FrozenModel


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
        Its name; empty with `reader`.
    reader
        ``package.module:function`` for what is no table: given the tree, it yields the
        name of each picture in the tree and ``{fact: text}``.
    further
        Names of further tables of the same columns, such as one a split.
    archive
        An archive that it may lie in, as downloaded.
    separator, columns
        As for `formats.tables.read_table`.
    records
        Of a JSON file the key of its list of objects, whose fields are the columns.
    named_by
        The column with names of pictures; folders and suffixes do not matter.
    facts
        ``{fact: column}``.
    split, split_by
        The column of a split that the folders do not have, and what it keeps
        together, such as ``patient``. It is then the split of the set; the one
        of the folders can be chosen.
    class_column
        The column with the class. It must be that of the folder, where folders name
        classes; where they do not, it is the class.
    nothing
        Texts that stand for nothing, such as ``nan``.
    values
        ``{fact: {text: what it means}}`` for codes; ``split`` counts as a fact.
    """

    file: str = ""
    reader: str = ""
    further: tuple[str, ...] = ()
    archive: str = ""
    separator: str = Field(default=",", min_length=1, max_length=1)
    columns: tuple[str, ...] = ()
    records: str = ""
    named_by: str = ""
    facts: dict[str, str] = Field(default_factory=dict)
    split: str = ""
    split_by: str = ""
    class_column: str = ""
    nothing: tuple[str, ...] = ("nan",)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)


class SamplesFrom(FrozenModel):
    """Where samples come from when no picture is there.

    Parameters
    ----------
    file
        Template of files of annotations. Without `form`, marks that the template of
        pictures has too tell samples apart: ``{number}/{object}`` are the objects of
        one picture.
    form
        Key of a form of `formats.containers`, or ``auto``: each picture that such a
        file names is a sample.
    size
        Height and width of the pictures where the files do not say.
    pictures
        ``package.module:function`` that makes them: given the tree and what the marks
        stand for, it returns the bytes of a picture file.
    told
        ``package.module:function`` that says in one sentence, given the tree, why
        such pictures are blank; nothing where they are not.
    """

    file: str
    form: str = ""
    size: tuple[int, int] | None = None
    pictures: str = ""
    told: str = ""


class EventsRow(FrozenModel):
    """Says that samples are recordings of events; the row's ``{ext}`` are theirs.

    Parameters
    ----------
    size
        Width and height of the sensor, or of what was cut from it, where the files
        do not say it.
    """

    size: tuple[int, int] | None = None


class BesideRow(FrozenModel):
    """Further pictures of a sample: its focal stack, its extended depth of field.

    Parameters
    ----------
    title
        Name for people.
    kind
        ``stack``: several files, each a plane, in natural order; ``picture``: one.
    images
        Template; marks that the pictures' template has too must stand for the same.
    """

    title: str
    kind: Literal["stack", "picture"] = "picture"
    images: str
