"""Write a tiny data set from a row's own templates, with known content."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from napari_cellsets.catalogue import list_datasets
from napari_cellsets.formats.annotations import write_labels
from napari_cellsets.formats.pairs import NOT_IN_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_cellsets.catalogue import Recipe

_SHAPE = (24, 32)


@dataclass(frozen=True)
class TinySample:
    """What a sample must be when it is read again."""

    file: Path
    pixels: np.ndarray
    labels: np.ndarray | None
    split: str
    truth_files: tuple[Path, ...]
    cell: str | None = None


def canonical(labels: np.ndarray) -> np.ndarray:
    """Number objects in the order in which their first pixels come."""
    present, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    first = np.where(present == 0, -1, first)
    order = np.argsort(np.argsort(first))
    order = order + (0 if (present == 0).any() else 1)
    return order[inverse].reshape(labels.shape)


def three_objects(seed: int) -> np.ndarray:
    """Labels of three objects that do not touch, at random places."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(_SHAPE, np.int32)
    for label, left in enumerate((1, 12, 22), start=1):
        top, height, width = rng.integers(1, 10), *rng.integers(3, 8, 2)
        labels[top : top + height, left : left + width] = label
    return labels


def plain_rows() -> list[Recipe]:
    """Rows whose templates alone say how a set lies; others have tests of their own."""
    return [recipe for recipe in list_datasets() if _is_plain(recipe)]


def _is_plain(recipe: Recipe) -> bool:
    if (recipe.annotations and recipe.truth is None) or recipe.beside or recipe.needs:
        return False
    if recipe.kind == "cells" and not recipe.class_in_path:
        return False
    if recipe.events is not None:
        return False
    if recipe.homes and "**" in recipe.images:
        return False
    return ")." not in recipe.images


def write_tiny_set(
    recipe: Recipe, root: Path, *, optional: bool = True
) -> dict[str, TinySample]:
    """Write pictures and truth as the row says; returns them by sample name.

    Without `optional`, folders that the row calls optional are left out.
    """
    root = root / recipe.homes[0] if recipe.homes else root
    written = {}
    for number, values in enumerate(_all_values(recipe, optional)):
        template = recipe.layout.image_template
        suffix = template.choices.get("ext", ("png",))[0]
        name = template.fill({**values, "ext": suffix})
        rng = np.random.default_rng(number)
        pixels = rng.integers(0, 256, (*_SHAPE, 3), dtype=np.uint8)
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(file, format="PNG")  # whatever its name says
        labels, files = None, ()
        split = values.get("split", "")
        if recipe.form is not None and split not in recipe.unannotated:
            labels = three_objects(number)
            truth = recipe.layout.truth_name(name, {"object": "object"})
            if recipe.form.word == "object-files":
                truth = truth.rpartition("/")[0]
            files = tuple(write_labels(recipe.form, labels, root / truth))
        sample = _name(recipe, values, name)
        split = split or recipe.split_of.get(sample, recipe.split_else)
        cell = values["class"] if recipe.kind == "cells" else None
        written[sample] = TinySample(file, pixels, labels, split, files, cell)
    return written


def _name(recipe: Recipe, values: Mapping[str, str], file: str) -> str:
    """Name that a sample must have: of a cell its path as far as it tells."""
    if recipe.kind == "cells":
        parts = file.rpartition(".")[0].split("/")
        return "/".join(part for part in parts if part != values.get("block"))
    marks = recipe.layout.image_template.marks
    return "/".join(values[mark] for mark in marks if values.get(mark))


def _all_values(recipe: Recipe, optional: bool) -> list[dict[str, str]]:
    """Two samples of each combination of the choices that make names."""
    template = recipe.layout.image_template
    listed = sorted(recipe.split_of)[:1]
    options = {}
    for mark in template.marks:
        if mark in NOT_IN_NAMES or f"{{{mark}**}}" in template.text:
            continue
        if f"{{{mark}?}}" in template.text and not optional:
            continue
        number = f"{{{mark}#}}" in template.text
        some = ("2", "10") if number else (*listed, "b2", "b10")
        options[mark] = template.choices.get(mark) or some
        if mark == "class" and recipe.declared_classes:
            options[mark] = recipe.classes
    if recipe.kind == "cells":
        return _each_once(options)
    return [
        dict(zip(options, values, strict=True))
        for values in itertools.product(*options.values())
    ]


def _each_once(options: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Each choice at least once, two cells of each class; not thousands of cells."""
    longest = 2 * max(len(texts) for texts in options.values())
    classes, numbers = options["class"], list(options)[-1]
    return [
        {
            mark: texts[place // len(classes) % 2 if mark == numbers else place]
            for mark, texts in (
                (m, list(itertools.islice(itertools.cycle(t), longest)))
                for m, t in options.items()
            )
        }
        for place in range(longest)
    ]
