"""How pictures and their annotation files find each other.

A layout is two path templates: one for pictures, one for truth. Files belong
together when the marks that both templates share stand for the same text. That
one rule reads the arrangements that data sets use:

- mirrored folders: ``images/{stem}.png`` and ``masks/{stem}.png``
- suffixes in one folder: ``{stem}_img.png`` and ``{stem}_masks.png``
- a folder a sample, a file an object: ``{stem}/images/{stem}.png`` and
  ``{stem}/masks/{object}.png``
- a plain folder of pictures: no template for truth

Further files find their pictures in the same way, each kind by a template of its own:
see `Attached`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from napari_cellsets.formats.templates import WRAP, Template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from napari_cellsets.formats.templates import Values

NOT_IN_NAMES = frozenset({"ext", "suffix", "imagedir", "maskdir", "block", WRAP})
"""Marks that say how a file is stored, not which sample it is."""


class Pair(NamedTuple):
    """A picture with its annotation files.

    Parameters
    ----------
    name
        Unique in the set: the values of the marks, with slashes.
    image, truth
        Names in the file tree.
    values
        What the marks of the picture's template stand for, in their order.
    more
        Names of further files that annotate it.
    """

    name: str
    image: str
    truth: tuple[str, ...]
    values: Values
    more: tuple[str, ...] = ()


@dataclass(frozen=True)
class Paired:
    """All pairs of a tree, and annotation files without a picture."""

    pairs: tuple[Pair, ...]
    lonely_truth: tuple[str, ...] = ()

    @cached_property
    def annotated(self) -> int:
        """How many pictures have truth."""
        return sum(bool(pair.truth or pair.more) for pair in self.pairs)


class Attached:
    """Files that belong to pictures, by the marks that they share.

    Parameters
    ----------
    template
        How the files are named.
    marks
        Marks of the pictures' template.
    names
        All names of the tree, one a line.
    """

    def __init__(self, template: Template, marks: Sequence[str], names: str) -> None:
        theirs = set(template.marks) - {"ext"}
        self.template = template
        self.shared = tuple(m for m in marks if m in theirs and m != WRAP)
        self.by_key: dict[Values, list[str]] = {}
        wraps: dict[Values, set[str]] = {}
        key_of = _picker(template.marks, (*self.shared, WRAP))
        for name, values in template.find_all(names):
            *texts, wrap = key_of(values)
            key = tuple([text.lower() for text in texts])
            self.by_key.setdefault((*key, wrap), []).append(name)
            wraps.setdefault(key, set()).add(wrap)
        self._wraps = wraps

    @property
    def own(self) -> bool:
        """Whether a file belongs to one sample or some, not to the whole set."""
        return bool(self.shared)

    def of(self, values: Mapping[str, str | None]) -> tuple[str, ...]:
        """Return the files of one picture, in the order of the tree.

        Those under the same folders around the set come first in question; where
        there are none, those of the one place where there are some.

        Parameters
        ----------
        values
            What the marks of the picture's template stand for.
        """
        key = tuple([(values.get(mark) or "").lower() for mark in self.shared])
        wraps = self._wraps.get(key)
        if not wraps:
            return ()
        wrap = values.get(WRAP) or ""
        if wrap not in wraps:
            wrap = next(iter(wraps)) if len(wraps) == 1 else _above(wrap, wraps)
        return tuple(self.by_key.get((*key, wrap), ()))


def _above(wrap: str, wraps: Iterable[str]) -> str:
    """The deepest of some folders that a folder lies in; else what is none."""
    return max((w for w in wraps if wrap.startswith(w)), key=len, default="/")


@dataclass(frozen=True)
class Layout:
    """Templates of pictures and truth; see the module.

    Parameters
    ----------
    images
        Template of pictures.
    truth
        Template of annotation files; None where the set has none.
    choices
        Texts that marks may stand for.
    """

    images: str
    truth: str | None = None
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @cached_property
    def image_template(self) -> Template:
        """The compiled template of pictures."""
        return Template(self.images, self._choices_in(self.images))

    @cached_property
    def truth_template(self) -> Template | None:
        """The compiled template of annotation files."""
        if self.truth is None:
            return None
        return Template(self.truth, self._choices_in(self.truth))

    def template_of(self, text: str) -> Template:
        """Compile a further template with the choices of this layout, once."""
        if text not in self._further:
            self._further[text] = Template(text, self._choices_in(text))
        return self._further[text]

    @cached_property
    def _further(self) -> dict[str, Template]:
        return {}

    def attach(self, text: str, names: str) -> Attached:
        """Find the files of a further template.

        Parameters
        ----------
        text
            The template.
        names
            All names of the tree, one a line.
        """
        return Attached(self.template_of(text), self.image_template.marks, names)

    @cached_property
    def shared(self) -> tuple[str, ...]:
        """Marks that a picture and its truth have in common."""
        truth = self.truth_template
        theirs = () if truth is None else truth.marks
        ours = self.image_template.marks
        return tuple(mark for mark in ours if mark in theirs and mark != "ext")

    def pair(self, names: Iterable[str]) -> Paired:
        """Find pictures and what belongs to them, in the order of `names`.

        A file that is truth of a picture is no picture of its own.
        """
        text = "\n".join(names)
        truth = self._truth_by_key(text)
        found: list[tuple[str, Values, tuple[str, ...]]] = []
        taken: set[str] = set()
        if truth:
            key_of = _picker(self.image_template.marks, self.shared)
            for name, values in self.image_template.find_all(text):
                files = truth.get(key_of(values), ())
                others = tuple(file for file in files if file != name)
                taken.update(others)
                found.append((name, values, others))
            found = [item for item in found if item[0] not in taken]
        else:
            pictures = self.image_template.find_all(text)
            found = [(name, values, ()) for name, values in pictures]
        images = {item[0] for item in found} if taken else set()
        lonely = [
            file
            for files in truth.values()
            for file in files
            if taken and file not in taken and file not in images
        ]
        return Paired(tuple(self._named(found)), tuple(lonely))

    def has_truth(self, names: Iterable[str]) -> bool:
        """Whether any name is that of an annotation file."""
        if self.truth_template is None:
            return False
        return next(self.truth_template.find_all("\n".join(names)), None) is not None

    def truth_name(self, image: str, values: Mapping[str, str]) -> str:
        """Where the truth of a picture belongs, whether it is there or not.

        Parameters
        ----------
        image
            Name of the picture in the file tree.
        values
            Further values, such as ``object`` of one object's file.
        """
        if self.truth_template is None:
            return image
        known = self.image_template.match(image) or {}
        known.pop("ext", None)
        return self.truth_template.fill({**known, **values})

    def _choices_in(self, text: str) -> dict[str, Sequence[str]]:
        return {
            name: texts
            for name, texts in self.choices.items()
            if f"{{{name}}}" in text or f"{{{name}?}}" in text
        }

    def _truth_by_key(self, text: str) -> dict[Values, list[str]]:
        truth: dict[Values, list[str]] = {}
        if self.truth_template is not None:
            key_of = _picker(self.truth_template.marks, self.shared)
            for name, values in self.truth_template.find_all(text):
                truth.setdefault(key_of(values), []).append(name)
        return truth

    def _named(
        self, found: Sequence[tuple[str, Values, tuple[str, ...]]]
    ) -> Iterable[Pair]:
        """Give each picture the shortest of three names that is its own."""
        marks = self.image_template.marks
        spoken, file = self.image_template.spoken(NOT_IN_NAMES)
        values_of = _picker(marks, spoken)
        names = [
            "/".join([text.strip("/") for text in values_of(values) if text])
            for _, values, _ in found
        ]
        if file:  # a file name of several marks stays as it is
            pattern, inside = file
            of_file = _picker(marks, inside)
            names = [
                f"{name}/{pattern % of_file(values)}".lstrip("/")
                for name, (_, values, _) in zip(names, found, strict=True)
            ]
        repeated = _repeated(names)
        if repeated:  # under several folders around the set
            names = [
                f"{values[0]}{name}" if name in repeated else name
                for name, (_, values, _) in zip(names, found, strict=True)
            ]
            repeated = _repeated(names)
        if repeated:  # names that differ in the suffix only
            names = [
                image if name in repeated else name
                for name, (image, _, _) in zip(names, found, strict=True)
            ]
        for name, (image, values, truth) in zip(names, found, strict=True):
            yield Pair(name, image, truth, values)


def _picker(
    marks: Sequence[str], wanted: Sequence[str]
) -> Callable[[Values], tuple[str, ...]]:
    """Return a function that picks some marks' values; a missing one is ``""``."""
    places = [marks.index(mark) for mark in wanted]
    return lambda values: tuple([values[place] or "" for place in places])


def _repeated(names: Sequence[str]) -> set[str]:
    if len(set(names)) == len(names):
        return set()
    return {name for name, count in Counter(names).items() if count > 1}
