"""Samples from paired files: split, class and what else is published of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.core.sample import Sample
from napari_cellsets.formats.names import natural_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellsets.catalogue.recipe import Recipe
    from napari_cellsets.formats.layouts import Pair
    from napari_cellsets.formats.templates import Values


def make_samples(recipe: Recipe, pairs: Sequence[Pair]) -> tuple[Sample, ...]:
    """Make samples; those of one split and one set of facts share both."""
    template, split_of = recipe.layout.image_template, recipe.split_of
    marks = ["split", *(["class"] if recipe.kind == "cells" else []), *recipe.facts]
    telling = [mark for mark in dict.fromkeys(marks) if mark in template.marks]
    places = [template.marks.index(mark) for mark in telling]
    known: dict[Values, tuple[str, Mapping[str, str]]] = {}
    samples = []
    for pair in pairs:
        key = tuple([pair.values[place] for place in places])
        if key not in known:
            known[key] = _split_and_facts(recipe, template.named(pair.values))
        split, facts = known[key]
        split = split or split_of.get(pair.name, recipe.split_else)
        samples.append(Sample(pair.name, pair.image, pair.truth, split, facts))
    if recipe.remarks:
        return tuple(_with_remarks(recipe, samples))
    return tuple(samples)


def classes_of(recipe: Recipe, samples: Sequence[Sample]) -> tuple[str, ...]:
    """Classes that the row names, else those found, in natural order."""
    if recipe.kind == "fields" or recipe.declared_classes:
        return recipe.classes
    return tuple(natural_order({sample.facts["class"] for sample in samples}))


def _split_and_facts(
    recipe: Recipe, values: Mapping[str, str]
) -> tuple[str, Mapping[str, str]]:
    facts = {"class": values["class"]} if recipe.kind == "cells" else {}
    facts |= {mark: values[mark] for mark in recipe.facts if values.get(mark)}
    for mark, value in list(facts.items()):
        facts.update(recipe.facts.get(mark, {}).get(value, {}))
    return values.get("split", ""), facts


def _with_remarks(recipe: Recipe, samples: Sequence[Sample]) -> Sequence[Sample]:
    """Add what is known of single files."""
    known = recipe.remarks
    return [
        Sample(s.name, s.image, s.annotations, s.split, {**s.facts, "remark": remark})
        if (remark := known.get(s.name.rpartition("/")[2]))
        else s
        for s in samples
    ]
