"""Every row of the catalogue says what people need to know, and agrees with itself."""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from napari_cellsets.catalogue import list_datasets, load_catalogue
from napari_cellsets.catalogue.rows_on_disk import OWN_ROWS
from napari_cellsets.formats.words import WORDS

if TYPE_CHECKING:
    from types import ModuleType

    from napari_cellsets.catalogue import Recipe

TESTS = Path(__file__).parent
RECIPES = list_datasets()
PUBLISHED = [recipe for recipe in RECIPES if recipe.rank == 2]
EVERY = pytest.mark.parametrize("recipe", RECIPES, ids=[r.key for r in RECIPES])
EACH_SET = pytest.mark.parametrize("recipe", PUBLISHED, ids=[r.key for r in PUBLISHED])


@pytest.fixture(scope="module")
def pages() -> ModuleType:
    """The module that renders the pages of the documentation."""
    file = TESTS.parent / "docs" / "hooks.py"
    spec = importlib.util.spec_from_file_location("docs_hooks", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def templates(recipe: Recipe) -> list[str]:
    """All path templates of a row."""
    found = [recipe.images, recipe.truth or "", *recipe.needs]
    found += [text for options in recipe.annotations for text in options.file]
    found += [row.images for row in recipe.beside]
    if recipe.samples_from is not None:
        found.append(recipe.samples_from.file)
    return found


def test_all_rows_are_understood_and_their_keys_differ() -> None:
    catalogue = load_catalogue()
    assert catalogue.problems == ()
    assert len(catalogue.recipes) == len(list(OWN_ROWS.glob("*.toml")))


def test_titles_and_other_names_tell_rows_apart() -> None:
    names = Counter(
        name.casefold()
        for recipe in RECIPES
        for name in {recipe.title, *recipe.aliases}
    )
    assert [name for name, often in names.items() if often > 1] == []


@EACH_SET
def test_published_set_says_where_it_is_from(recipe: Recipe) -> None:
    assert recipe.about.endswith(".")
    assert recipe.licence
    assert recipe.licence_url.startswith("https://")
    assert recipe.certainty
    assert recipe.citation or not recipe.doi
    if recipe.doi:
        assert re.fullmatch(r"10\.\d{4,9}/[^\s]+[^\s.]", recipe.doi)
    if recipe.certainty == "uncertain":
        assert recipe.layout_notes


@EVERY
def test_choices_belong_to_marks_of_the_row(recipe: Recipe) -> None:
    text = " ".join(templates(recipe))
    unused = [mark for mark in recipe.choices if f"{{{mark}" not in text]
    assert unused == []
    assert all(recipe.choices.values())


@EVERY
def test_templates_are_understood(recipe: Recipe) -> None:
    layout = recipe.layout
    assert layout.image_template.marks
    for text in filter(None, templates(recipe)):
        assert layout.template_of(text).marks
    marks = set(layout.image_template.marks)
    assert set(recipe.facts) - marks - {"class"} <= set(layout.image_template.choices)


@EVERY
def test_what_is_said_of_classes_is_said_of_its_own(recipe: Recipe) -> None:
    known = set(recipe.classes)
    for said in (recipe.class_ids, recipe.class_colours, recipe.class_aliases):
        assert set(said) <= known
    ids = list(recipe.class_table().names)
    assert len(ids) == len(set(ids))
    if recipe.declared_classes:
        assert len(recipe.class_table().names) == len(known) == len(recipe.classes)
    for colour in recipe.class_colours.values():
        assert all(0 <= value <= 255 for value in colour)
    spelt = [other for others in recipe.class_aliases.values() for other in others]
    assert len(spelt) == len(set(spelt))


@EVERY
def test_hierarchy_of_classes_has_roots(recipe: Recipe) -> None:
    for name in recipe.class_parents:
        seen = {name}
        while name in recipe.class_parents:
            name = recipe.class_parents[name]
            assert name not in seen
            seen.add(name)


@EVERY
def test_published_numbers_add_up(recipe: Recipe) -> None:
    expect = recipe.expect
    if recipe.rank < 2:
        assert expect.samples is None
        return
    assert expect.samples or recipe.certainty == "uncertain"
    for part in (expect.splits, expect.classes):
        total = sum(part.values())
        notes = " ".join((*expect.notes, *recipe.layout_notes))
        assert total in (0, expect.samples) or f"{total:,}" in notes
    assert all(number > 0 for number in expect.parts.values())
    if expect.samples is not None and expect.annotated is not None:
        assert expect.annotated <= expect.samples
    if recipe.declared_classes:
        assert set(expect.classes) <= set(recipe.classes)
    assert bool(expect.part_of) == bool(expect.parts)


@EVERY
def test_page_shows_what_the_row_says(recipe: Recipe, pages: Any) -> None:
    page = pages.dataset_page(recipe)
    assert page.startswith(f"# {recipe.title}\n")
    assert f"`{recipe.key}`" in page
    assert recipe.licence in page
    assert recipe.citation in page
    for part in recipe.images.split("/"):
        assert part in page
    for name in recipe.declared_classes:
        assert f"| {name} |" in page
    for note in (*recipe.expect.notes, *recipe.layout_notes):
        assert note in page
    assert pages.CERTAINTY[recipe.certainty] in page
    assert "None" not in page.replace("None ", "").split("## Classes")[0]


@EACH_SET
def test_index_names_kind_and_certainty(recipe: Recipe, pages: Any) -> None:
    index = pages.index_page(RECIPES)
    (line,) = (text for text in index.splitlines() if f"({recipe.key}.md)" in text)
    assert ("one cell" if recipe.kind == "cells" else "a field of cells") in line
    assert pages.CERTAINTY[recipe.certainty] in line


def test_every_word_has_a_name_for_people(pages: Any) -> None:
    assert set(WORDS) - {"container"} <= set(pages.KINDS)


@EACH_SET
def test_published_set_has_files_to_test_it_with(recipe: Recipe) -> None:
    files = [*(TESTS / "catalogue").glob("*.py"), TESTS / "tiny_sets.py"]
    named = any(f'"{recipe.key}"' in file.read_text("utf-8") for file in files)
    plain = not (recipe.annotations or recipe.beside or recipe.needs)
    assert named or plain  # plain ones are walked in test_catalogue.py


def test_corrections_of_every_set_go_back_or_say_why(pages: Any) -> None:
    table = pages.corrections_page(RECIPES).splitlines()
    for recipe in RECIPES:
        marked = bool(recipe.annotations) or recipe.annotation is not None
        lines = [line for line in table if f"({recipe.key}.md)" in line]
        assert len(lines) == marked
    (line,) = (text for text in table if "(isbi2014.md)" in text)
    assert line.endswith("| cytoplasm, nuclei | - |")
