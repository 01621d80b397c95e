"""What every annotation word is given, and what it is made of.

A word says how something is written down beside the pictures of a set: a mask of
classes, a table of points, a file of a known container. A row names the word and its
options; the word reads what belongs to one sample.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import Field, field_validator

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.core.evented import FrozenModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.formats.classes import ClassTable
    from napari_cellsets.formats.files import FileTree

T = TypeVar("T")


class SetCache:
    """Things of a whole set, made when first asked for and kept.

    What cannot be made is not tried again: the error is raised each time. Safe from
    several threads; two of them never make the same thing.
    """

    def __init__(self) -> None:
        self._made: dict[object, Any] = {}
        self._locks: dict[object, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: object, make: Callable[[], T]) -> T:
        """Return what `make` made under this key.

        Parameters
        ----------
        key
            Hashable; begin with the word: ``("points-table", name)``.
        make
            Called once, without arguments.

        Raises
        ------
        CellsetsError
            What `make` raised, now or before.
        """
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._made:
                try:
                    self._made[key] = make()
                except CellsetsError as error:
                    self._made[key] = error
            found = self._made[key]
        if isinstance(found, CellsetsError):
            raise found
        return found  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Ask:
    """What a word is asked: the annotations of one sample.

    Parameters
    ----------
    tree
        The files of the set.
    image
        Name of the picture in `tree`.
    stem
        The same without folders and suffix.
    values
        What the marks of the picture's template stand for.
    files
        Files that the word's template `file` finds for this sample, in natural
        order; for a template without marks of the sample the files of the set.
    size
        Height and width of the picture in pixels, None where it cannot be read.
    classes
        The classes of the set: ``ask.classes.id_for("nucleus")``.
    shared
        Things of the whole set: ``ask.shared.get(key, make)``.
    facts
        What is published of the sample: patient, grade, ...
    marks
        For each of `files` what the marks of its template stand for.
    tell
        ``tell(file, message)``: one object or line is left out; the rest is read.
    """

    tree: FileTree
    image: str
    stem: str
    values: Mapping[str, str]
    files: tuple[str, ...]
    size: Callable[[], tuple[int, int] | None]
    classes: ClassTable
    shared: SetCache
    facts: Mapping[str, str] = field(default_factory=dict)
    marks: Callable[[str], Mapping[str, str]] = lambda name: {}
    tell: Callable[[str, str], None] = lambda file, message: None

    def known(self, mark: str) -> str:
        """What a mark of the picture's path, or else a fact, stands for."""
        return self.values.get(mark) or self.facts.get(mark, "")


class WordOptions(FrozenModel):
    """Options that every word has.

    Parameters
    ----------
    word
        Which one.
    file
        Template of its files (see `formats.templates`), or several, of which the
        first that finds a file counts. Marks that the template of pictures has too
        must stand for the same text. Further marks may be anything.
    title
        Name for people, where a set has several annotations: ``nuclei``.
    class_is
        Class of all objects.
    class_from
        Mark of a path, or fact, that names the class of all objects of a file.
    nearest
        Whether of several files that fit only those in folders most like the
        picture's count: for names that occur in several folders.
    counts
        Whether these objects are the truth of counting, where a set has several
        kinds of objects; else the first that has outlines is.
    objects
        Which objects these are, where a set marks the same ones in several ways:
        entries with the same text here mark the same, ``truth`` stands for the masks
        of the row. One of them a picture goes into exports, unless more are asked for.
    """

    word: str
    file: tuple[str, ...] = ()
    title: str = ""
    class_is: str = ""
    class_from: str = ""
    nearest: bool = False
    counts: bool = False
    objects: str = ""

    @field_validator("file", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    def class_id(self, ask: Ask, file: str = "") -> int | None:
        """Id of the class of all objects; None where the word's options name none."""
        name = self.class_is
        if not name and self.class_from:
            marks = ask.marks(file) if file else {}
            name = marks.get(self.class_from) or ask.known(self.class_from)
        return ask.classes.id_for(name) if name else None


class TableOptions(WordOptions):
    """Options of the words that read text tables.

    Parameters
    ----------
    separator
        One character between two fields.
    columns
        Names of the columns of a table without a first line of names.
    named_by
        Column with the name of the picture, in a table of the whole set.
    join
        How such names are compared with pictures: without folders and suffix, without
        folders, or with folders.
    class_column
        Column with the class of each object.
    properties
        ``{name: column}``: what else to keep of each object.
    """

    separator: str = Field(default=",", min_length=1, max_length=1)
    columns: tuple[str, ...] = ()
    named_by: str = ""
    join: str = Field(default="stem", pattern="^(stem|name|path)$")
    class_column: str = ""
    properties: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Word:
    """How one kind of annotation is written down.

    Parameters
    ----------
    options
        Model of what a row may say.
    read
        ``read(ask, options)``: what is marked in one picture. Raises
        `UnreadableFileError` where all of it is lost.
    fits
        ``fits(tree, options, files)``: whether files that are named so are really of
        this kind; a look at a few of them. Never raises.
    """

    options: type[WordOptions]
    read: Callable[[Ask, Any], Sequence[Annotation]]
    fits: Callable[[FileTree, Any, Sequence[str]], bool] = lambda *asked: True
