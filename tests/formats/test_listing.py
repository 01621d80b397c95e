"""Names by folder and pattern are the names one by one, in natural order."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from napari_cellsets.formats.listing import Listing, Run, by_folder, pattern_of
from napari_cellsets.formats.names import natural_order

FOLDERS = st.sampled_from(["", "a/", "a7/", "a07/", "a7/b/", "a-1/", "b/", "b/c 2/"])
FILES = st.builds(
    "{}{}{}.{}".format,
    st.sampled_from(["", "a", "ab", "b"]),
    st.sampled_from(["0", "1", "7", "07", "10", "12", "100", "007"]),
    st.sampled_from(["", "_1", "_20"]),
    st.sampled_from(["png", "jpg", "٣"]),
)
TREES = st.dictionaries(FOLDERS, st.sets(FILES, min_size=1, max_size=12), max_size=6)


def names_of(tree: dict[str, set[str]]) -> list[str]:
    return [folder + file for folder, files in tree.items() for file in files]


def listed(tree: dict[str, set[str]]) -> Listing:
    runs = {folder: Run(folder, list(files)) for folder, files in tree.items()}
    return Listing.of_folders(runs)


@given(TREES)
def test_names_come_in_natural_order(tree: dict[str, set[str]]) -> None:
    ordered = natural_order(names_of(tree))
    names = listed(tree)
    assert names == ordered
    assert [names[place] for place in range(len(names))] == ordered
    assert Listing.of_folders(by_folder(ordered)) == ordered


@given(TREES)
def test_names_are_chosen_by_what_digits_do_not_change(
    tree: dict[str, set[str]],
) -> None:
    kept = listed(tree).where(lambda name: name.endswith(".png"))
    assert kept == [n for n in natural_order(names_of(tree)) if n.endswith(".png")]
    left = listed(tree).without(kept)
    assert left == [n for n in natural_order(names_of(tree)) if not n.endswith(".png")]


@given(TREES)
def test_names_there_are_in_it(tree: dict[str, set[str]]) -> None:
    names = listed(tree)
    assert all(name in names for name in names_of(tree))
    assert "a/none.png" not in names
    assert 7 not in names


@given(st.sets(FILES, min_size=1, max_size=40), st.integers(1, 7))
def test_stand_ins_have_the_patterns_of_the_names_at_their_places(
    files: set[str], step: int
) -> None:
    def shape(name: str) -> str:
        return re.sub("0{2,}", "00", pattern_of(name))

    run = Run("a/", list(files))
    known = run.stand_ins()
    if known:
        expected = [shape(file) for file in natural_order(files)]
        assert [shape(name) for name, n in known for _ in range(n)] == expected
    names = Listing([run])
    assert len(names.stand_ins(step)) == len(names[::step])


def test_long_runs_are_shown_by_their_patterns_without_being_sorted() -> None:
    files = [f"{kind}_{number}.png" for kind in "BA" for number in range(10, 310)]
    names = Listing([Run("set/", files)])
    assert names.stand_ins(200) == ["set/A_00.png", "set/A_00.png", "set/B_00.png"]
    assert names.runs[0].any_order == files


def test_text_of_any_name_is_found() -> None:
    names = Listing.of(["Set/A7.MAT", "b.png"])
    assert names.mentions(".mat")
    assert not names.mentions(".zip")


def test_files_found_later_join_those_of_their_folder() -> None:
    run = Run("a/", ["2.png"]).joined(Run("a/", ["1.png"]))
    assert run.below("set.zip/").names == ["set.zip/a/1.png", "set.zip/a/2.png"]


def test_names_with_line_breaks_keep_patterns_of_their_own() -> None:
    run = Run("", ["a\n1.png", "a\n2.png"])
    assert run.patterns == {"a\n0.png"}


@given(TREES)
def test_the_first_name_is_known_before_the_others_are_in_order(
    tree: dict[str, set[str]],
) -> None:
    if tree:
        assert listed(tree)[0] == natural_order(names_of(tree))[0]
