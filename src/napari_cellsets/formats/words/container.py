"""``container``: files of a known format of annotations, see `formats.containers`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from pydantic import field_validator

from napari_cellsets.core.annotation import Boxes, ClassMask, ImageClass, LabelImage
from napari_cellsets.core.errors import CellsetsError, UnreadableFileError
from napari_cellsets.formats.containers.base import FORMS, find_form
from napari_cellsets.formats.containers.convert import NO_CLASS
from napari_cellsets.formats.sniff import HEAD_BYTES, picture_kind
from napari_cellsets.formats.words.base import Ask, Word, WordOptions
from napari_cellsets.formats.words.joining import Items, Place
from napari_cellsets.formats.words.shifting import shifted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.formats.classes import ClassTable
    from napari_cellsets.formats.containers.base import Container, Form
    from napari_cellsets.formats.files import FileTree


_LOOKED_AT = 8


class ContainerOptions(WordOptions):
    """Options of ``container``.

    Parameters
    ----------
    form
        Key of the format, or ``auto`` to tell it from the file.
    join
        How items find pictures in a file of many: ``path`` (as much of the path as
        there is), ``name`` or ``stem``.
    thinnest
        Boxes with fewer pixels from edge to edge are mistakes, which are left out and
        told.
    shift
        Pixels to move positions by, where a file counts otherwise than its format:
        0.5 for COCO of which whole numbers are the middles of pixels. Or
        ``{form: pixels}`` where files of several forms may be there.
    """

    form: str = "auto"
    join: Literal["path", "name", "stem"] = "path"
    thinnest: float = 0.0
    shift: float | dict[str, float] = 0.0

    @field_validator("form")
    @classmethod
    def _form_is_known(cls, form: str) -> str:
        if form not in ("auto", *FORMS):  # by name: no form is imported for it
            known = ", ".join(("auto", *FORMS))
            raise ValueError(f"the form {form!r} is not known; known: {known}")
        return form

    def shift_of(self, form: str) -> float:
        """How far to move what a file of one form says."""
        given = self.shift
        return given.get(form, 0.0) if isinstance(given, dict) else given

    def form_of(self, tree: FileTree, name: str) -> Form | None:
        """Return the form of a file; None where it is another one.

        Raises
        ------
        UnreadableFileError
            If the file cannot be read.
        """
        if self.form != "auto" and FORMS[self.form].pictures:
            kind = picture_kind(tree.head(name, HEAD_BYTES), tree.place(name))
            return FORMS[self.form] if kind else None
        found = find_form(tree, name)
        if self.form == "auto" or (found is not None and found.key == self.form):
            return found
        return None


def read(ask: Ask, options: ContainerOptions) -> list[Annotation]:
    """Read what containers say of a picture.

    Raises
    ------
    UnreadableFileError
        If a file is damaged as a whole.
    """
    found: list[Annotation] = []
    for container, index in _items_of(ask, options):
        try:
            marked = container.read(index, ask.size())
        finally:
            _tell(ask, container)
        translate = partial(translated, container=container, classes=ask.classes)
        for annotation in map(translate, marked):
            classed = _classed(ask, options, annotation)
            if options.thinnest and isinstance(classed, Boxes):
                classed = _without_thin(ask, options.thinnest, classed)
            found.append(shifted(classed, options.shift_of(container.key)))
    return found


def _items_of(ask: Ask, options: ContainerOptions) -> list[tuple[Container, int]]:
    """Opened files that speak of the picture, with its position in each."""
    if len(ask.files) == 1:
        form = _form_of(ask, options, ask.files[0])
        if form is None:
            return []
        if form.per_image:  # one file, one picture: nothing to keep
            opened = form.open(ask.tree, ask.files[0])
            return [(opened, 0)] if opened.items else []
    items = ask.shared.get(
        ("items", options.join, options.form, ask.files),
        lambda: Items(
            [(name, one.items) for name, one in _all(ask, options).items()],
            options.join,
        ),
    )
    return [_at(ask, options, place) for place in items.of(ask.image)]


def _at(ask: Ask, options: ContainerOptions, place: Place) -> tuple[Container, int]:
    return _all(ask, options)[place.file], place.position


def _all(ask: Ask, options: ContainerOptions) -> dict[str, Container]:
    """All files of the set that are of the form, opened once."""

    def opened() -> dict[str, Container]:
        found: dict[str, Container] = {}
        failure: UnreadableFileError | None = None
        for name in ask.files:
            try:
                form = _form_of(ask, options, name)
                if form is not None:
                    found[name] = form.open(ask.tree, name)
            except UnreadableFileError as error:
                ask.tell(name, str(error))
                failure = error
        if failure is not None and not found:
            raise failure
        return found

    return ask.shared.get(("opened", options.form, ask.files), opened)


def _form_of(ask: Ask, options: ContainerOptions, name: str) -> Form | None:
    """Form of a file, looked at once.

    A file of another form is none of these annotations; where each picture has a file
    of its own, it should be one.
    """
    form = ask.shared.get(
        ("form", options.form, name), lambda: options.form_of(ask.tree, name)
    )
    if form is None and options.form != "auto" and FORMS[options.form].per_image:
        raise UnreadableFileError(
            f"a file of {FORMS[options.form].title} was expected",
            path=ask.tree.place(name),
            advice="Copy or download it again.",
        )
    return form


def _tell(ask: Ask, container: Container) -> None:
    """Tell problems of a container that nobody was told before."""
    told: dict[int, int] = ask.shared.get("told", dict)
    first = told.get(id(container), 0)
    problems = container.problems[first:]
    if problems:
        told[id(container)] = first + len(problems)
    for problem in problems:
        ask.tell(problem.name, problem.message)


def _classed(ask: Ask, options: ContainerOptions, annotation: Annotation) -> Annotation:
    """Give objects without a class the one that the row says."""
    import numpy as np

    if isinstance(annotation, ImageClass | ClassMask | LabelImage):
        return annotation
    if annotation.class_ids is not None:
        return annotation
    number = options.class_id(ask)
    if number is None:
        return annotation
    count = len(next(iter(_columns(annotation))))
    return replace(
        annotation,
        class_ids=np.full(count, number, np.int64),
        class_names=ask.classes.names,
    )


def _without_thin(ask: Ask, thinnest: float, boxes: Boxes) -> Boxes:
    """Leave out boxes that nobody can have meant, and tell how many."""
    import numpy as np

    edges = boxes.yxyx
    kept = np.minimum(edges[:, 2] - edges[:, 0], edges[:, 3] - edges[:, 1]) >= thinnest
    lost = np.count_nonzero(~kept)
    if not lost:
        return boxes
    many = f"{lost:,} box{'es' if lost > 1 else ''} of {ask.image}"
    ask.tell(ask.files[0], f"{many} thinner than {thinnest:g} pixels: left out")
    places = np.flatnonzero(kept).tolist()
    return replace(
        boxes,
        yxyx=edges[kept],
        class_ids=None if boxes.class_ids is None else boxes.class_ids[kept],
        angles=None if boxes.angles is None else boxes.angles[kept],
        properties={
            name: [values[place] for place in places]
            for name, values in boxes.properties.items()
        },
    )


def _columns(annotation: Annotation) -> list[Sequence[object]]:
    for name in ("masks", "outlines", "yxyx", "yx"):
        column = getattr(annotation, name, None)
        if column is not None:
            return [column]
    return [()]


def translated(
    annotation: Annotation, container: Container, classes: ClassTable
) -> Annotation:
    """Return an annotation with the classes of the set instead of the file's.

    Parameters
    ----------
    annotation
        As `container` read it.
    container
        The file.
    classes
        The classes of the set; those that it does not know are added.
    """
    if isinstance(annotation, ImageClass):
        name = classes.name_of(annotation.name)
        path = annotation.path or classes.path_of(name)
        return replace(annotation, name=name, path=path)
    ids = _ids_for({**container.classes, **annotation.class_names}, container, classes)
    names, colours = classes.names, classes.colours
    if isinstance(annotation, LabelImage):
        if not annotation.class_of:
            named = annotation.class_names
            return replace(
                annotation, class_names={ids.get(n, n): named[n] for n in named}
            )
        class_of = {label: ids.get(n, n) for label, n in annotation.class_of.items()}
        return replace(
            annotation, class_of=class_of, class_names=names, class_colours=colours
        )
    if isinstance(annotation, ClassMask):
        return replace(
            annotation,
            classes=_looked_up(annotation.classes, ids),
            class_names=names,
            class_colours=colours,
        )
    numbers = annotation.class_ids
    if numbers is not None:
        numbers = _looked_up(numbers, ids)
    elif len(annotation.class_names) == 1:
        numbers = _all_of(annotation, ids[next(iter(annotation.class_names))])
    return replace(
        annotation, class_ids=numbers, class_names=names, class_colours=colours
    )


def _ids_for(
    names: Mapping[int, str], container: Container, classes: ClassTable
) -> dict[int, int]:
    """``{id in the file: id in the set}`` of all classes of a file."""
    colours = container.colours
    known = classes.names
    found = {}
    for number, name in names.items():
        if number == NO_CLASS:
            continue
        nameless = name == str(number) and classes.find(name) is None
        if nameless and number in known:  # a file without names of its classes
            found[number] = number
        else:
            found[number] = classes.id_for(name, number, colours.get(number))
    return found


def _looked_up(numbers: np.ndarray, ids: Mapping[int, int]) -> np.ndarray:
    import numpy as np

    moved = {old: new for old, new in ids.items() if old != new}
    if not moved:
        return numbers
    found = np.array(numbers)
    for old, new in moved.items():
        found[numbers == old] = new
    return found


def _all_of(annotation: Annotation, number: int) -> np.ndarray:
    import numpy as np

    (column,) = _columns(annotation)
    return np.full(len(column), number, np.int64)


def fits(tree: FileTree, options: ContainerOptions, files: Sequence[str]) -> bool:
    """Whether one of a few of the files is of the form."""
    step = -(-len(files) // _LOOKED_AT)
    for name in files[::step]:
        try:
            if options.form_of(tree, name) is not None:
                return True
        except CellsetsError:
            continue
    return False


WORD = Word(ContainerOptions, read, fits)
