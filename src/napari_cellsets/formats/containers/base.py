"""What every annotation container offers, and the table of those that there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from napari_cellsets.core.annotation import Annotation, Colour
    from napari_cellsets.core.image import Picture
    from napari_cellsets.formats.files import FileTree, Problem

SNIFFED_BYTES = 65_536
"""How much of a file's beginning `Form.sniff` is shown."""


@dataclass(frozen=True, slots=True)
class Item:
    """One picture that a container speaks of.

    Parameters
    ----------
    name
        The picture as the file names it, with folders where it names them;
        empty where it names none.
    size
        Height and width in pixels, or None where the file does not say.
    """

    name: str
    size: tuple[int, int] | None = None


class Container(Protocol):
    """An opened file of annotations.

    ``items`` are the pictures it speaks of, ``classes`` and ``colours`` belong to
    the class ids of its annotations. ``problems`` grow while objects are decoded.
    """

    @property
    def key(self) -> str:
        """Key of its `Form`."""
        ...

    @property
    def items(self) -> Sequence[Item]:
        """The pictures, in the order of the file."""
        ...

    @property
    def classes(self) -> Mapping[int, str]:
        """Name of each class id."""
        ...

    @property
    def colours(self) -> Mapping[int, Colour]:
        """Colour of a class id where the file gives one."""
        ...

    @property
    def problems(self) -> Sequence[Problem]:
        """What could not be understood so far; the rest is usable."""
        ...

    def read(
        self, index: int, size: tuple[int, int] | None = None
    ) -> tuple[Annotation, ...]:
        """Decode what is marked in one picture.

        Parameters
        ----------
        index
            Position in `items`.
        size
            Height and width of the picture, used where the file does not say.

        Returns
        -------
        tuple of Annotation
            At most one of each kind (but one `ImageClass` a class of the picture);
            empty where nothing is marked. An object that cannot be understood is
            left out and told in `problems`.

        Raises
        ------
        UnreadableFileError
            If the size is needed and neither the file nor the caller gives it, or
            if a further file that holds the masks cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """A container made of its parts, for formats that need no more."""

    key: str
    items: Sequence[Item]
    decode: Callable[[int, tuple[int, int] | None], tuple[Annotation, ...]]
    classes: Mapping[int, str] = field(default_factory=dict)
    colours: Mapping[int, Colour] = field(default_factory=dict)
    problems: Sequence[Problem] = ()

    def read(
        self, index: int, size: tuple[int, int] | None = None
    ) -> tuple[Annotation, ...]:
        """Decode what is marked in one picture; see `Container.read`."""
        return self.decode(index, size)


@dataclass(frozen=True, slots=True)
class Marked:
    """A picture with what is marked in it, to be written.

    Parameters
    ----------
    name
        Relative name of the picture, with its suffix: ``train/a.png``.
    size
        Height and width in pixels.
    annotations
        What is marked in it.
    picture
        Gives its pixels; asked only where pictures are written too.
    """

    name: str
    size: tuple[int, int]
    annotations: tuple[Annotation, ...] = ()
    picture: Callable[[], Picture] | None = None


class _Write(Protocol):
    def __call__(
        self,
        items: Iterable[Marked],
        out: Path,
        *,
        classes: Mapping[int, str],
        with_images: bool,
    ) -> list[Path]: ...


@dataclass(frozen=True, slots=True)
class Form:
    """One format of annotations.

    Parameters
    ----------
    key, title
        Short name for programs and the command line; name for people.
    kinds
        Kinds of annotation that it holds without loss, the most natural first.
    per_image
        Whether a file belongs to one picture; else one file speaks of many.
    sniff
        ``sniff(name, head)``: whether a file is of this form, from its name and
        its first `SNIFFED_BYTES` bytes. Never raises.
    open
        ``open(tree, name)``: open a file. Raises `UnreadableFileError` where the
        file as a whole is damaged.
    write
        ``write(items, out, classes=..., with_images=...)``: write everything below
        the folder `out` and return the files of annotations (not the pictures).
        A form of one file for all also takes a file name with its suffix for `out`.
        Annotations of other kinds go through `fit.fit`, which refuses what would be
        lost. Raises `ExportError`.
    refuses
        ``refuses(annotation)``: why an annotation of one of its kinds cannot be
        held without loss all the same (a hole, a turned box); empty if it can.
    crowded
        ``crowded(annotations)``: why annotations of one picture, each of which it
        holds, cannot be written together; empty where they can.
    pictures
        Whether its files are pictures, whose meaning cannot be seen in them: `sniff`
        knows some by their names only.
    inner
        ``inner(tree, name)``: the picture inside a file, as a file; nothing where
        there is none. Raises `UnreadableFileError`.
    splits
        ``splits(tree)``: what files of a set say of its splits, as pairs of a split
        and a path: a folder (with a slash behind it) or a picture, with or without
        suffix, relative to nobody knows what. Never raises.
    companions
        Patterns of files beside a file, or in folders above, that it may need:
        names of classes, masks. ``{stem}`` is its name without suffix.
    """

    key: str
    title: str
    kinds: tuple[type, ...]
    per_image: bool
    sniff: Callable[[str, bytes], bool]
    open: Callable[[FileTree, str], Container]
    write: _Write
    refuses: Callable[[Annotation], str] = lambda annotation: ""
    crowded: Callable[[Sequence[Annotation]], str] = lambda annotations: ""
    pictures: bool = False
    inner: Callable[[FileTree, str], bytes] = lambda tree, name: b""
    splits: Callable[[FileTree], Iterable[tuple[str, str]]] = lambda tree: ()
    companions: tuple[str, ...] = ()


_HERE = "napari_cellsets.formats.containers"

# Asked in this order whether a file is theirs: the strictest first.
_PLACES: dict[str, str] = {
    "coco-panoptic": "coco.form:COCO_PANOPTIC",
    "coco": "coco.form:COCO",
    "voc": "voc.form:FORM",
    "yolo": "yolo.form:FORM",
    "labelme": "labelme.form:FORM",
    "cvat": "cvat.form:FORM",
    "qupath": "qupath.form:FORM",
    "label-studio": "label_studio.form:FORM",
    "via": "via.form:FORM",
    "imagej": "imagej.form:FORM",
    "points-csv": "points.form:FORM",
    "mask-stack": "masks.form:MASK_STACK",
    "instances": "masks.form:INSTANCES",
    "instances-png": "masks.form:INSTANCES_PNG",
    "class-mask": "masks.form:CLASS_MASK",
    "binary-mask": "masks.form:BINARY_MASK",
}


class _Forms(Mapping[str, Form]):
    """Forms by key; a module is imported when its form is first asked for."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = dict(places)

    def __getitem__(self, key: str) -> Form:
        module, _, name = self._places[key].partition(":")
        form: Form = getattr(import_module(f"{_HERE}.{module}"), name)
        return form

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


FORMS: Mapping[str, Form] = _Forms(_PLACES)
"""All forms by key, in the order in which they are asked about a file."""


def find_form(tree: FileTree, name: str) -> Form | None:
    """Tell which form a file is of.

    Parameters
    ----------
    tree, name
        Where the file lies and how it is called there.

    Returns
    -------
    Form or None
        None where no form knows it, which is no error: most files are pictures.

    Raises
    ------
    UnreadableFileError
        If the file cannot be read.
    """
    head = tree.head(name, SNIFFED_BYTES)
    return next((form for form in FORMS.values() if form.sniff(name, head)), None)
