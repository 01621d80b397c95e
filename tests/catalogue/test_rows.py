from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_cellsets.catalogue import list_datasets, load_catalogue
from napari_cellsets.catalogue.recipe import read_recipe
from napari_cellsets.core.errors import RecipeError

if TYPE_CHECKING:
    from pathlib import Path

GOOD = 'key = "mine"\ntitle = "Mine"\nimages = "fields/{stem}.png"\n'


def row(folder: Path, text: str, name: str = "mine.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def test_shipped_rows_are_all_good() -> None:
    catalogue = load_catalogue()
    assert catalogue.problems == ()
    assert {
        "fluorescent_neuronal_cells_v1",
        "fluorescent_neuronal_cells_v2",
        "dsb2018",
        "cellpose",
    } <= {recipe.key for recipe in catalogue.recipes}


def test_row_of_the_person_is_listed(tmp_path: Path) -> None:
    row(tmp_path / "data-home" / "rows", GOOD)
    assert "mine" in {recipe.key for recipe in list_datasets()}


def test_row_edited_meanwhile_is_read_again(tmp_path: Path) -> None:
    file = row(tmp_path / "data-home" / "rows", GOOD)
    list_datasets()
    file.write_text(GOOD.replace("Mine", "Changed title"))
    assert "Changed title" in {recipe.title for recipe in list_datasets()}


def test_faulty_row_is_reported_and_takes_no_other_down(tmp_path: Path) -> None:
    folder = tmp_path / "data-home" / "rows"
    row(folder, GOOD)
    row(folder, 'key = "bad"', "bad.toml")
    catalogue = load_catalogue()
    assert [problem.name for problem in catalogue.problems] == ["bad.toml"]
    assert "mine" in {recipe.key for recipe in catalogue.recipes}


def test_row_locked_by_an_editor_takes_no_other_down(tmp_path: Path) -> None:
    folder = tmp_path / "data-home" / "rows"
    row(folder, GOOD)
    (folder / ".#mine.toml").symlink_to("me@here.1234")
    assert "mine" in {recipe.key for recipe in list_datasets()}


def test_row_that_could_not_be_read_once_is_read_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> str:
        raise OSError(24, "Too many open files")

    row(tmp_path / "data-home" / "rows", GOOD)
    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.read_text", busy)
        (problem,) = load_catalogue().problems
        assert "Too many open files" in problem.message
    assert load_catalogue().problems == ()
    assert "mine" in {recipe.key for recipe in list_datasets()}


def test_row_of_the_person_replaces_a_shipped_one(tmp_path: Path) -> None:
    row(tmp_path / "data-home" / "rows", GOOD.replace('"mine"', '"dsb2018"'))
    (found,) = [recipe for recipe in list_datasets() if recipe.key == "dsb2018"]
    assert found.title == "Mine"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + 'licens = "x"', r"'licens' is not known.*Known keys: key, title, lic"),
        (
            GOOD + "[expect]\nsample = 3",
            r"'expect\.sample' is not known.*Known keys: s",
        ),
        (GOOD + "file = 3", "'file' is not known"),
        ('key = "mine"', "the key 'title': Field required"),
        (GOOD + "pixel_size_um = -1", "pixel_size_um.*greater than 0"),
        (GOOD.replace("{stem}", "{stem"), "the key 'images'.*is not understood"),
        (
            GOOD + 'annotation = { word = "outlines" }',
            r"annotation\.word.*'components'",
        ),
        (
            GOOD + "split_lists = { test = 'none.txt' }",
            "list of a split cannot be read",
        ),
        ("not toml", "this row cannot be read"),
    ],
)
def test_row_that_says_something_unknown_is_refused(
    text: str, said: str, tmp_path: Path
) -> None:
    file = row(tmp_path, text)
    with pytest.raises(RecipeError, match=said) as caught:
        read_recipe(file)
    assert str(file.parent) in str(caught.value)


def test_missing_row_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="this row cannot be read"):
        read_recipe(tmp_path / "none.toml")


def test_split_of_listed_samples_comes_from_the_list(tmp_path: Path) -> None:
    (tmp_path / "test.txt").write_text("a\nb\n\n")
    more = 'split_lists = { test = "test.txt" }\nsplit_else = "train"\n'
    recipe = read_recipe(row(tmp_path, GOOD + more))
    assert recipe.split_of == {"a": "test", "b": "test"}
