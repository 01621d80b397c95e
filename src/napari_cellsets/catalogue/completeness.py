"""How much of a published set is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    """

    found: int
    expected: int | None
    text: str
    notes: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether at least as many are there as are published."""
        return self.expected is None or self.found >= self.expected


def completeness_of(recipe: Recipe, samples: Sequence[Sample]) -> Completeness:
    """Compare what is there with the row's published counts."""
    expect = recipe.expect
    found = len(samples)
    parts = _parts(recipe, samples)
    expected = sum(expect.parts[part] for part in parts) if parts else expect.samples
    if expected is None:
        text = f"{found:,} image{'' if found == 1 else 's'}"
        return Completeness(found, None, text, expect.notes)
    text = f"{found:,} of {expected:,} images"
    if parts and len(parts) < len(expect.parts):
        text += f" of {', '.join(parts)}"
    if found == expected:
        text += ", complete"
    elif found > expected:
        text += ", more than published"
    return Completeness(found, expected, text, expect.notes)


def _parts(recipe: Recipe, samples: Sequence[Sample]) -> list[str]:
    """Parts that are there; empty where the row knows none of them."""
    mark = recipe.expect.part_of
    if not mark:
        return []
    there = {s.split if mark == "split" else s.facts.get(mark, "") for s in samples}
    if not there <= set(recipe.expect.parts):
        return []
    return [part for part in recipe.expect.parts if part in there]
