"""Samples made when looked at are those made one by one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_cellsets.catalogue import open_dataset
from napari_cellsets.catalogue.completeness import completeness_of
from napari_cellsets.catalogue.recipe import Recipe
from napari_cellsets.catalogue.samples import Samples, classes_of, kinds_of
from napari_cellsets.catalogue.tables import Told
from napari_cellsets.core.sample import Sample
from napari_cellsets.formats.listing import Listing, by_folder
from small_cells import write_cells

if TYPE_CHECKING:
    from pathlib import Path

IMAGE_CLASS = {"word": "image-class"}
CELLS = Recipe(
    key="cells",
    title="Cells",
    images="{split?}/{class}/{prefix}_{number}.{ext}",
    annotation=IMAGE_CLASS,
    choices={"split": ("train", "test"), "prefix": ("BA", "SNE", "EO")},
    facts={"prefix": {"SNE": {"subclass": "segmented"}, "BA": {"subclass": "baso"}}},
    remarks={"BA_12": "twice", "SNE_100": "twice"},
    expect={"classes": {"red": 7}, "samples": 9},
)
DECLARED = CELLS.model_copy(
    update={"classes": ("red", "white"), "class_aliases": {"white": ("blanc",)}}
)
IN_NAMES = Recipe(
    key="fields",
    title="Fields",
    images="{class}/{split}_{number}.{ext}",
    choices={"split": ("train", "test")},
    facts={"class": {"red": {"stain": "eosin"}}},
    split_else="rest",
    expect={"part_of": "split", "parts": {"train": 3, "test": 4, "rest": 1}},
)
FILES = st.builds(
    "{}{}{}.png".format,
    st.sampled_from(["", "train/", "test/", "Train/"]),
    st.sampled_from(["red/", "Red/", "white/", "BLANC/", "RED/"]),
    st.sampled_from(
        [f"{p}_{n}" for p in ("BA", "sne", "SNE", "EO") for n in (1, 12, 100)]
        + [f"{p}_{n}" for p in ("train", "test") for n in (1, 2, 12)]
    ),
)


def one_by_one(recipe: Recipe, names: Listing, told: Told) -> list[Sample]:
    """Make each sample of its own path, in order."""
    template = recipe.layout.image_template
    spelt = {text.lower(): name for text, name in recipe.other_spellings.items()}
    samples = []
    for pair in recipe.layout.pair(names).pairs:
        values = template.match(pair.image) or {}
        stem = pair.image.rpartition("/")[2].rpartition(".")[0]
        facts = {}
        if values.get("class"):
            values["class"] = spelt.setdefault(values["class"].lower(), values["class"])
            if recipe.kind == "cells":
                facts["class"] = values["class"]
        facts |= {mark: values[mark] for mark in recipe.facts if values.get(mark)}
        for mark, value in list(facts.items()):
            facts |= recipe.facts.get(mark, {}).get(value, {})
        split = values.get("split", "")
        said = zip(told.names, told.facts.get(stem, ()), strict=False)
        facts |= {name: text for name, text in said if text}
        if told.splits:
            if values.get("split"):
                facts["split by patient"] = told.splits.get(stem, "")
                facts["split by folder"] = values["split"]
            split = told.splits.get(stem, "")
        if recipe.remarks.get(stem):
            facts["remark"] = recipe.remarks[stem]
        kept = {name: text for name, text in facts.items() if text}
        split = split or recipe.split_else
        samples.append(Sample(pair.name, pair.image, pair.truth, split, kept))
    return samples


TABLES = [
    Told(),
    Told(
        ("age",),
        {"BA_1": ("7",), "BA_12": ("",)},
        {"BA_1": "val"},
        "patient",
    ),
]


@pytest.mark.parametrize("told", TABLES, ids=["no table", "table"])
@pytest.mark.parametrize(
    "recipe", [CELLS, DECLARED, IN_NAMES], ids=["cells", "declared", "fields"]
)
@settings(max_examples=60)
@given(names=st.sets(FILES, max_size=60))
def test_samples_are_those_made_one_by_one(
    recipe: Recipe, told: Told, names: set[str]
) -> None:
    listing = Listing.of_folders(by_folder(names))
    expected = one_by_one(recipe, listing, told)
    pairs = recipe.layout.pair(listing).pairs
    single = Samples(recipe, pairs, told)
    backwards = range(len(expected) - 1, -1, -1)
    assert [single[place] for place in backwards] == expected[::-1]
    samples = Samples(recipe, pairs, told)
    counted = Samples(recipe, pairs, told)
    assert samples == expected
    assert splits(counted) == splits(expected)
    classes = classes_of(recipe, expected)
    assert classes_of(recipe, counted) == classes
    of_cells = classes if recipe.kind == "cells" else ()
    assert completeness_of(recipe, counted, of_cells) == completeness_of(
        recipe, expected, of_cells
    )


def splits(samples: Samples | list[Sample]) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for kind in kinds_of(samples):
        counts[kind.split] += kind.number
    return list(counts.items())


def test_opening_a_set_makes_no_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cells(tmp_path / "cells")

    def refuse(*_: object) -> None:
        raise AssertionError("a sample was made")

    with monkeypatch.context() as patch:
        patch.setattr(Samples, "_made", refuse)
        dataset = open_dataset(tmp_path / "cells")
        assert len(dataset.samples) == dataset.completeness.found
        assert dataset.classes
    assert dataset.samples[0] == next(iter(dataset.samples))
