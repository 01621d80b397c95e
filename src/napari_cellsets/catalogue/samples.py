"""Samples from paired files: split, class and what else is published of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.catalogue.tables import Told, stem_of
from napari_cellsets.core.sample import Sample
from napari_cellsets.formats.files import Problem
from napari_cellsets.formats.names import natural_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from napari_cellsets.catalogue.recipe import Recipe
    from napari_cellsets.formats.layouts import Pair
    from napari_cellsets.formats.templates import Values

FOLDER_SPLIT = "folder"
"""What folders split by, where a table splits by something else."""

_NAMED = 3


def make_samples(
    recipe: Recipe, pairs: Sequence[Pair], told: Told | None = None
) -> tuple[Sample, ...]:
    """Make samples; those of one split and one set of facts share both.

    Parameters
    ----------
    recipe, pairs
        A row and its paired files.
    told
        What the row's table says of each picture.
    """
    told = told or Told()
    template, split_of = recipe.layout.image_template, recipe.split_of
    marks = ["split", *(["class"] if recipe.kind == "cells" else []), *recipe.facts]
    telling = [mark for mark in dict.fromkeys(marks) if mark in template.marks]
    places = [template.marks.index(mark) for mark in telling]
    by_file = bool(told.facts or recipe.remarks)
    remarked = None if told.facts else set(recipe.remarks)  # few, where no table is
    known: dict[Values, tuple[str, Mapping[str, str]]] = {}
    spelt = {text.lower(): name for text, name in recipe.other_spellings.items()}
    samples = []
    for pair in pairs:
        key = tuple([pair.values[place] for place in places])
        file: tuple[str, ...] = ()
        if by_file and (remarked is None or stem_of(pair.image) in remarked):
            file = _of_file(recipe, told, pair.image)
            key = (*key, *file)
        if key not in known:
            values = template.named(pair.values)
            if recipe.kind == "cells" and not recipe.class_in_path:
                values["class"] = file[0] if file else ""
            if values.get("class"):  # Train/Basophil and test/basophil are one class
                values["class"] = spelt.setdefault(
                    values["class"].lower(), values["class"]
                )
            said = _split_and_facts(recipe, values)
            known[key] = _with_file(told, *said, file) if file else said
        split, facts = known[key]
        split = split or split_of.get(pair.name, recipe.split_else)
        annotations = (*pair.truth, *pair.more) if pair.more else pair.truth
        samples.append(Sample(pair.name, pair.image, annotations, split, facts))
    return tuple(samples)


def classes_of(recipe: Recipe, samples: Sequence[Sample]) -> tuple[str, ...]:
    """Classes that the row names, else those found, in natural order."""
    if recipe.kind == "fields" or recipe.declared_classes:
        return recipe.classes
    found = {sample.facts.get("class", "") for sample in samples}
    return tuple(natural_order(found - {""}))


def split_fact(kind: str) -> str:
    """Return the fact that holds a split where a set has several."""
    return f"split by {kind}"


def problems_of_table(
    recipe: Recipe, samples: Sequence[Sample], told: Told
) -> Iterator[Problem]:
    """Tell where a table and the folders do not agree, one sentence each."""
    yield from told.problems
    if recipe.table is None or not told.facts:
        return
    file = " or ".join((recipe.table.file, *recipe.table.further))
    stems = [told.key_of(sample.image) for sample in samples]
    missing = [
        s for s, stem in zip(samples, stems, strict=True) if stem not in told.facts
    ]
    if missing:
        yield Problem(file, f"{file} does not name {_some(missing)}.")
    differing = (
        [
            s
            for s, stem in zip(samples, stems, strict=True)
            if _plain(told.classes.get(stem) or s.facts["class"])
            != _plain(s.facts.get("class", ""))
        ]
        if told.classes and recipe.class_in_path
        else []
    )
    if differing:
        yield Problem(
            file, f"{file} has another class than the folder for {_some(differing)}."
        )


def _some(samples: Sequence[Sample]) -> str:
    names = ", ".join(sample.image for sample in samples[:_NAMED])
    more = len(samples) - _NAMED
    return f"{names} and {more:,} more pictures" if more > 0 else names


def _plain(name: str) -> str:
    """A class as tables and folders both spell it: ``band_neutrophil``."""
    return name.lower().replace(" ", "_")


def _split_and_facts(
    recipe: Recipe, values: Mapping[str, str]
) -> tuple[str, Mapping[str, str]]:
    facts = {}
    if recipe.kind == "cells" and values["class"]:
        facts["class"] = values["class"]
        title = recipe.class_titles.get(values["class"])
        if title:
            facts["class title"] = title
    facts |= {mark: values[mark] for mark in recipe.facts if values.get(mark)}
    for mark, value in list(facts.items()):
        facts.update(recipe.facts.get(mark, {}).get(value, {}))
    return values.get("split", ""), facts


def _of_file(recipe: Recipe, told: Told, image: str) -> tuple[str, ...]:
    """Class by a table, remark, split and facts of one file."""
    stem = told.key_of(image)
    facts = told.facts.get(stem, ())
    of_table = "" if recipe.class_in_path else told.classes.get(stem, "")
    remark, split = recipe.remarks.get(stem_of(image), ""), told.splits.get(stem, "")
    return of_table, remark, split, *facts


def _with_file(
    told: Told, split: str, facts: Mapping[str, str], file: tuple[str, ...]
) -> tuple[str, Mapping[str, str]]:
    """Add what is known of one file; a split by a table is the split of the set."""
    _, remark, by_table, *said = file
    more = {name: text for name, text in zip(told.names, said, strict=False) if text}
    if told.splits:
        if split:  # there are two to choose from
            more[split_fact(told.split_by)] = by_table
            more[split_fact(FOLDER_SPLIT)] = split
        split = by_table
    if remark:
        more["remark"] = remark
    return split, {**facts, **{name: text for name, text in more.items() if text}}
