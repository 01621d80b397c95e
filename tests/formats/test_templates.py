from __future__ import annotations

import re

import pytest

from napari_cellsets.core.errors import RecipeError
from napari_cellsets.formats.templates import Template

COLOURS = {"colour": ("green", "red"), "split": ("train", "test")}
V2 = Template("{colour}/{split}/images/{stem}.png", COLOURS)


def test_values_are_read_from_the_end_of_a_path() -> None:
    assert V2.match("a/b/red/test/images/12.png") == {
        "wrap": "a/b/",
        "colour": "red",
        "split": "test",
        "stem": "12",
    }


def test_case_of_choices_is_that_of_the_row() -> None:
    values = V2.match("Red/TEST/Images/a.PNG")
    assert values is not None
    assert (values["colour"], values["split"]) == ("red", "test")


def test_other_names_do_not_match() -> None:
    assert V2.match("blue/test/images/12.png") is None
    assert V2.match("red/test/images/deeper/12.png") is None


def test_archive_stands_for_its_folder() -> None:
    values = V2.match("red.zip/test/images/12.png")
    assert values is not None
    assert values["colour"] == "red"


def test_repeated_mark_must_be_the_same_text() -> None:
    template = Template("{stem}/images/{stem}.png")
    assert template.match("a/images/a.png") is not None
    assert template.match("a/images/b.png") is None


def test_optional_folder_may_be_absent() -> None:
    template = Template("{split?}/{stem}_img.png", COLOURS)
    with_split, without = template.match("train/1_img.png"), template.match("1_img.png")
    assert with_split is not None
    assert without is not None
    assert (with_split["split"], without["split"]) == ("train", "")


def test_any_folders_keep_their_slash() -> None:
    values = Template("images/{inner**}/{stem}.{ext}").match("images/a/b/c.tif")
    assert values is not None
    assert (values["inner"], values["stem"], values["ext"]) == ("a/b/", "c", "tif")


def test_optional_ending_is_kept_apart_from_the_stem() -> None:
    template = Template("{stem}{suffix?}.{ext}", {"suffix": ("_mask",)})
    found = template.match("a_b_mask.png")
    assert found is not None
    assert (found["stem"], found["suffix"]) == ("a_b", "_mask")


def test_all_names_are_found_in_one_text() -> None:
    found = V2.find_all("red/test/images/1.png\nreadme.md\nred/train/images/2.png")
    assert [name for name, _ in found] == [
        "red/test/images/1.png",
        "red/train/images/2.png",
    ]


def test_start_in_a_path_prefers_settled_choices() -> None:
    template = Template("{split?}/{stem}_img.png", COLOURS)
    starts = template.starts(("/", "data", "train", "1_img.png"))
    assert [at for at, _ in starts] == [2, 3]


@pytest.mark.parametrize(
    ("text", "values", "name"),
    [
        ("{split}/{stem}.{ext}", {"stem": "a"}, "train/a.png"),
        ("{split?}/{stem}.{ext}", {"stem": "a", "ext": "tif"}, "a.tif"),
        ("{inner**}/{stem}.png", {"stem": "a", "inner": "b/c/"}, "b/c/a.png"),
        ("{inner**}/{stem}.png", {"stem": "a", "wrap": "w/"}, "w/a.png"),
    ],
)
def test_filled_template_is_a_name(
    text: str, values: dict[str, str], name: str
) -> None:
    assert Template(text, COLOURS).fill(values) == name


def test_filling_needs_every_value() -> None:
    with pytest.raises(RecipeError, match="needs a value for 'stem'"):
        Template("{stem}.png").fill({})


@pytest.mark.parametrize("text", ["{stem", "a//b", "../{stem}.png", "{Stem}.png"])
def test_template_not_understood_is_refused(text: str) -> None:
    with pytest.raises(RecipeError, match="is not understood"):
        Template(text)


@pytest.mark.parametrize(
    ("text", "values", "fits", "not_fits"),
    [
        ("all_images/{stem}.png", {}, "all_images.zip", "other"),
        ("{split?}/{stem}_img.png", {"split": "train"}, "test", "other"),
        ("{split?}/{stem}_img.png", {}, "1_img.png", "train"),
    ],
)
def test_top_of_a_set_is_known(
    text: str, values: dict[str, str], fits: str, not_fits: str
) -> None:
    top = Template(text, COLOURS).top(values)
    assert top is not None
    assert re.fullmatch(top, fits)
    assert not re.fullmatch(top, not_fits)


def test_top_of_a_set_may_be_anything() -> None:
    assert Template("{inner**}/{stem}.png").top({}) is None
