"""How pictures and their annotation files find each other.

A layout is two path templates: one for pictures, one for truth. Files belong
together when the marks that both templates share stand for the same text. That
one rule reads the arrangements that data sets use:

- mirrored folders: ``images/{stem}.png`` and ``masks/{stem}.png``
- suffixes in one folder: ``{stem}_img.png`` and ``{stem}_masks.png``
- a folder a sample, a file an object: ``{stem}/images/{stem}.png`` and
  ``{stem}/masks/{object}.png``
- a plain folder of pictures: no template for truth
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from napari_cellsets.formats.templates import WRAP, Template

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOT_IN_NAMES = frozenset({"ext", "suffix", "imagedir", "maskdir", WRAP})
"""Marks that say how a file is stored, not which sample it is."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture with its annotation files.

    Parameters
    ----------
    name
        Unique in the set: the values of the marks, with slashes.
    image, truth
        Names in the file tree.
    values
        What the marks of the picture's template stand for.
    """

    name: str
    image: str
    truth: tuple[str, ...]
    values: Mapping[str, str]


@dataclass(frozen=True)
class Paired:
    """All pairs of a tree, and annotation files without a picture."""

    pairs: tuple[Pair, ...]
    lonely_truth: tuple[str, ...]

    @cached_property
    def annotated(self) -> int:
        """How many pictures have truth."""
        return sum(bool(pair.truth) for pair in self.pairs)


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

    @cached_property
    def shared(self) -> tuple[str, ...]:
        """Marks that a picture and its truth have in common."""
        if self.truth_template is None:
            return ()
        theirs = self.truth_template.fields
        return (
            WRAP,
            *(n for n in self.image_template.fields if n in theirs and n != "ext"),
        )

    def pair(self, names: Sequence[str]) -> Paired:
        """Find pictures and what belongs to them, in the order of `names`."""
        truth, taken = self._truth_by_key(names)
        match, shared = self.image_template.match, self.shared
        found, used = [], set()
        for name in names:
            values = match(name)
            if values is None:
                continue
            key = tuple(values[mark] for mark in shared)
            files = tuple(truth.get(key, ())) if shared else ()
            if name in files:
                files = tuple(file for file in files if file != name)
            found.append((name, values, files))
            if files:
                used.add(key)
        truth_files = {file for key in used for file in truth[key]}
        kept = [item for item in found if item[0] not in truth_files]
        lonely = [f for f in taken if f not in truth_files] if truth_files else []
        images = {item[0] for item in kept}
        return Paired(
            tuple(self._named(kept)),
            tuple(file for file in lonely if file not in images),
        )

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

    def _truth_by_key(
        self, names: Sequence[str]
    ) -> tuple[dict[tuple[str, ...], list[str]], list[str]]:
        truth: dict[tuple[str, ...], list[str]] = {}
        taken: list[str] = []
        if self.truth_template is None:
            return truth, taken
        match, shared = self.truth_template.match, self.shared
        for name in names:
            values = match(name)
            if values is not None:
                truth.setdefault(tuple(values[m] for m in shared), []).append(name)
                taken.append(name)
        return truth, taken

    def _named(
        self, found: Sequence[tuple[str, dict[str, str], tuple[str, ...]]]
    ) -> list[Pair]:
        marks = [n for n in self.image_template.fields if n not in NOT_IN_NAMES]
        short = [
            "/".join(filter(None, (v[m].strip("/") for m in marks)))
            for _, v, _ in found
        ]
        for longer in (lambda v, n, _: v[WRAP] + n, lambda _, __, image: image):
            repeated = {name for name, count in Counter(short).items() if count > 1}
            if not repeated:
                break
            short = [
                longer(values, name, image) if name in repeated else name
                for name, (image, values, _) in zip(short, found, strict=True)
            ]
        return [
            Pair(name, image, truth, values)
            for name, (image, values, truth) in zip(short, found, strict=True)
        ]
