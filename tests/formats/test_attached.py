"""Files that belong to pictures by marks; digits as a mark; archives that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_cellsets.core.errors import UnreadableFileError, UnsafeArchiveError
from napari_cellsets.formats.archives import open_archive
from napari_cellsets.formats.layouts import Layout
from napari_cellsets.formats.sources import HeldSource
from napari_cellsets.formats.templates import Template

NOTHING = HeldSource(b"", in_memory=1)


def test_digits_end_where_letters_begin() -> None:
    template = Template("{number#}{rest}.txt")
    assert template.match("0012 C34.txt") == {
        "wrap": "",
        "number": "0012",
        "rest": " C34",
    }
    assert template.match("C34.txt") is None


def test_files_under_the_same_folders_around_the_set_come_first() -> None:
    layout = Layout("images/{stem}.png")
    names = ["one/images/a.png", "one/t/a.csv", "two/images/a.png", "two/t/a.csv"]
    attached = layout.attach("t/{stem}.csv", names)
    assert attached.own
    for folder in ("one/", "two/"):
        values = {"wrap": folder, "stem": "A"}
        assert attached.of(values) == (f"{folder}t/a.csv",)


def test_files_of_one_other_place_count_where_there_is_one_only() -> None:
    layout = Layout("images/{stem}.png")
    attached = layout.attach("t/{stem}.csv", ["x/t/a.csv", "y/t/b.csv", "z/t/b.csv"])
    assert attached.of({"wrap": "elsewhere/", "stem": "a"}) == ("x/t/a.csv",)
    assert attached.of({"wrap": "elsewhere/", "stem": "b"}) == ()
    assert attached.of({"wrap": "", "stem": "c"}) == ()


def test_file_without_marks_of_the_picture_is_of_the_whole_set() -> None:
    attached = Layout("images/{stem}.png").attach("all.json", ["deep/all.json"])
    assert not attached.own
    assert attached.of({"wrap": "deep/in/", "stem": "a"}) == ("deep/all.json",)


def test_file_of_no_known_kind_is_no_archive() -> None:
    with pytest.raises(UnreadableFileError, match="an archive was expected"):
        open_archive(NOTHING, Path("a.rar"))


def test_archives_too_deep_in_each_other_are_refused() -> None:
    with pytest.raises(UnsafeArchiveError, match="more than 3 deep"):
        open_archive(NOTHING, Path("a.tar"), depth=4)
