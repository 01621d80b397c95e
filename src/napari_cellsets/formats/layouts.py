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

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from napari_cellsets.formats.fitted import Fitted
from napari_cellsets.formats.listing import Listing
from napari_cellsets.formats.pairs import FittedPairs, Pairs, picker
from napari_cellsets.formats.templates import WRAP, Template

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_cellsets.formats.templates import Values


@dataclass(frozen=True)
class Paired:
    """All pairs of a tree, and annotation files without a picture."""

    pairs: Pairs
    lonely_truth: tuple[str, ...] = ()

    @cached_property
    def annotated(self) -> int:
        """How many pictures have truth."""
        return self.pairs.annotated


class Attached:
    """Files that belong to pictures, by the marks that they share.

    Parameters
    ----------
    template
        How the files are named.
    marks
        Marks of the pictures' template.
    names
        All names of the tree.
    """

    def __init__(
        self, template: Template, marks: Sequence[str], names: Iterable[str]
    ) -> None:
        theirs = set(template.marks) - {"ext"}
        self.template = template
        self.shared = tuple(m for m in marks if m in theirs and m != WRAP)
        self.by_key: dict[Values, list[str]] = {}
        wraps: dict[Values, set[str]] = {}
        key_of = picker(template.marks, (*self.shared, WRAP))
        for name, values in Fitted(template, names):
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

    def attach(self, text: str, names: Iterable[str]) -> Attached:
        """Find the files of a further template.

        Parameters
        ----------
        text
            The template.
        names
            All names of the tree.
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
        names = Listing.of(names)
        truth = self._truth_by_key(names)
        found = Fitted(self.image_template, names)
        if not truth:
            return Paired(FittedPairs(found))
        key_of = picker(self.image_template.marks, self.shared)
        files_of: dict[str, tuple[str, ...]] = {}
        taken: set[str] = set()
        for name, values in found:
            others = tuple(f for f in truth.get(key_of(values), ()) if f != name)
            files_of[name] = others
            taken.update(others)
        if not taken:
            return Paired(FittedPairs(found))
        found = found.besides(taken)
        used = taken.union(found.names)
        lonely = [
            file for files in truth.values() for file in files if file not in used
        ]
        return Paired(FittedPairs(found, files_of), tuple(lonely))

    def has_truth(self, names: Iterable[str]) -> bool:
        """Whether any name is that of an annotation file."""
        if self.truth_template is None:
            return False
        return len(Fitted(self.truth_template, names)) > 0

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

    def _truth_by_key(self, names: Listing) -> dict[Values, list[str]]:
        truth: dict[Values, list[str]] = {}
        if self.truth_template is not None:
            key_of = picker(self.truth_template.marks, self.shared)
            for name, values in Fitted(self.truth_template, names):
                truth.setdefault(key_of(values), []).append(name)
        return truth
