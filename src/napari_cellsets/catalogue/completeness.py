"""How much of a published set is there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_cellsets.catalogue.samples import kinds_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellsets.catalogue.recipe import Recipe
    from napari_cellsets.core.sample import Sample


@dataclass(frozen=True, slots=True)
class Completeness:
    """Found and published numbers of pictures.

    Parameters
    ----------
    found
        Pictures that are there.
    expected
        Pictures that are published (of the parts that are there at all); None
        where nothing is published.
    text
        Both in words: ``2 of 283 images``.
    notes
        Known disagreements between what is published and what is on disk.
    classes
        Of single cells for each class the pictures that are there and that are
        published (None where nothing is).
    """

    found: int
    expected: int | None
    text: str
    notes: tuple[str, ...] = ()
    classes: Mapping[str, tuple[int, int | None]] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether at least as many are there as are published."""
        return self.expected is None or self.found >= self.expected

    @property
    def of_classes(self) -> tuple[str, ...]:
        """Each class in words: ``neutrophil 3,300 of 3,329``."""
        return tuple(
            f"{name} {found:,}" + ("" if expected is None else f" of {expected:,}")
            for name, (found, expected) in self.classes.items()
        )


def completeness_of(
    recipe: Recipe, samples: Sequence[Sample], classes: Sequence[str] = ()
) -> Completeness:
    """Compare what is there with the row's published counts.

    Parameters
    ----------
    recipe, samples
        A row and its samples at one place.
    classes
        Classes of a set of single cells.
    """
    if classes:
        return _of_cells(recipe, samples, classes)
    expect = recipe.expect
    found = len(samples)
    parts = _parts(recipe, samples)
    expected = sum(expect.parts[part] for part in parts) if parts else expect.samples
    if expected is not None and len(parts) == len(expect.parts) and expect.samples:
        # published parts need not add up to the published total
        expected = max(expected, expect.samples)
    if expected is None:
        text = _several(recipe, found)
        return Completeness(found, None, text, expect.notes)
    text = f"{found:,} of {_several(recipe, expected)}"
    if parts and len(parts) < len(expect.parts):
        text += f" of {', '.join(parts)}"
    if found == expected:
        text += ", complete"
    elif found > expected:
        text += ", more than published"
    return Completeness(found, expected, text, expect.notes)


def _of_cells(
    recipe: Recipe, samples: Sequence[Sample], classes: Sequence[str]
) -> Completeness:
    """Compare class by class; one class alone is a part that somebody opened."""
    expect, found = recipe.expect, len(samples)
    there: Counter[str] = Counter()
    for kind in kinds_of(samples):
        there[kind.facts.get("class", "")] += kind.number
    only = next(iter(there)) if len(there) == 1 else ""
    expected = expect.classes.get(only, expect.samples)
    counts = {name: (there[name], expect.classes.get(name)) for name in classes}
    if only in expect.classes:
        counts = {only: counts[only]}
    text = _several(recipe, found)
    if expected is not None:
        text = f"{found:,} of {_several(recipe, expected)}"
    if only in expect.classes:
        text += f" of {recipe.class_titles.get(only, only)}"
    elif expected is None:
        text += f" of {len(classes):,} class{'' if len(classes) == 1 else 'es'}"
    if expected is not None and found >= expected:
        text += ", complete" if found == expected else ", more than published"
    short = [name for name in counts if there[name] < (counts[name][1] or 0)]
    if short and len(short) < len(counts):
        text += f"; incomplete: {', '.join(short)}"
    return Completeness(found, expected, text, expect.notes, counts)


def _several(recipe: Recipe, number: int) -> str:
    """A number of samples in words."""
    noun = "image" if recipe.events is None else "recording"
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _parts(recipe: Recipe, samples: Sequence[Sample]) -> list[str]:
    """Parts that are there; empty where the row knows none of them."""
    mark = recipe.expect.part_of
    if not mark:
        return []
    there = {
        kind.split if mark == "split" else kind.facts.get(mark, "")
        for kind in kinds_of(samples)
    }
    if not there <= set(recipe.expect.parts):
        return []
    return [part for part in recipe.expect.parts if part in there]
