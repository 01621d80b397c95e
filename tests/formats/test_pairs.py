"""Pairs by pattern are the pairs that one finds name by name."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_cellsets.formats.fitted import Fitted
from napari_cellsets.formats.layouts import Layout
from napari_cellsets.formats.listing import Listing, by_folder
from napari_cellsets.formats.names import natural_order
from napari_cellsets.formats.pairs import NOT_IN_NAMES, Pair, Pairs
from napari_cellsets.formats.templates import WRAP, Template

LAYOUTS = [
    Layout("{split?}/{class}/{prefix}_{number}.{ext}", None, {"split": ("train",)}),
    Layout("{class}/{block?}/{class}_{number}.{ext}", None, {"class": ("ABE", "NGS")}),
    Layout("{class}/{block?}/{class}_{number}.{ext}"),
    Layout("{stem}/images/{stem}.png", "{stem}/masks/{object}.png"),
    Layout("images/{inner**}/{stem}.{ext}", "masks/{inner**}/{stem}.png"),
    Layout(
        "{inner**}/{stem}.{ext}",
        "{inner**}/{stem}{suffix}.{ext}",
        {"suffix": ("_masks", "_1")},
    ),
    Layout("images/{block**}/{slide}_{tile#}_{x}.{ext}"),
    Layout("EDF/{prefix}{number#}.png"),
    Layout("{a}{b}{number#}.png"),
    Layout("{class}{stem}.{ext}", None, {"class": ("A1", "B")}),
    Layout("{folder}/{number#}{ext?}"),
]
FOLDERS = [
    *("", "train/ABE/", "train/abe/", "ABE/", "NGS/0001-1000/", "ABE/1001-2000/"),
    *("images/", "masks/", "x/images/", "x/masks/", "images/in/", "masks/in/"),
    *("12/images/", "12/masks/", "7/images/", "EDF/", "A1/", "x.zip/ABE/"),
]
FILES = st.builds(
    "{}{}{}.{}".format,
    st.sampled_from(["", "ABE_", "BA_", "NGS_", "A", "b", "abe_", "frame"]),
    st.sampled_from(["0", "1", "7", "12", "12", "100", "A_100"]),
    st.sampled_from(["", "_1", "_20", "_masks", "_-3"]),
    st.sampled_from(["png", "png", "jpg", "PNG", "txt"]),
)
NAMES = st.sets(st.builds(str.__add__, st.sampled_from(FOLDERS), FILES), max_size=40)
MANY = st.builds(
    lambda folder, head, numbers: {f"{folder}{head}{n}.png" for n in numbers},
    st.sampled_from(FOLDERS),
    st.sampled_from(["", "ABE_", "BA_", "S_1_", "frame", "A1"]),
    st.sets(st.integers(0, 130), min_size=8, max_size=30),
)
FEW = settings(max_examples=30)
TREES = st.builds(lambda some, *more: some.union(*more), NAMES, MANY, MANY)
EACH = pytest.mark.parametrize("layout", LAYOUTS, ids=[one.images for one in LAYOUTS])


def matched(template: Template, names: list[str]) -> list[tuple[str, dict[str, str]]]:
    found = [(name, template.fits(name)) for name in names]
    return [
        (name, {mark: text or "" for mark, text in match.groupdict().items()})
        for name, match in found
        if match
    ]


def obvious(layout: Layout, names: list[str]) -> tuple[list[Pair], list[str]]:
    """Pairs name by name."""
    template = layout.image_template
    truths = matched(layout.truth_template, names) if layout.truth_template else []
    found, taken = [], set()
    for image, values in matched(template, names):
        files = tuple(
            file
            for file, of in truths
            if file != image and all(of[m] == values[m] for m in layout.shared)
        )
        taken.update(files)
        found.append((image, values, files))
    found = [item for item in found if item[0] not in taken]
    names_of = [spoken(template, values) for _, values, _ in found]
    often = Counter(names_of)
    names_of = [
        values[WRAP] + name if often[name] > 1 else name
        for name, (_, values, _) in zip(names_of, found, strict=True)
    ]
    often = Counter(names_of)
    names_of = [
        image if often[name] > 1 else name
        for name, (image, _, _) in zip(names_of, found, strict=True)
    ]
    pictures = {image for image, _, _ in found}
    lonely = [f for f, _ in truths if taken and f not in taken and f not in pictures]
    return [
        Pair(name, image, files, tuple(match.groups()))
        for name, (image, _, files) in zip(names_of, found, strict=True)
        if (match := template.fits(image))
    ], lonely


def spoken(template: Template, values: dict[str, str]) -> str:
    marks, file = template.spoken(NOT_IN_NAMES)
    name = "/".join(values[mark].strip("/") for mark in marks if values[mark])
    if file:
        name += "/" + file[0] % tuple(values[mark] for mark in file[1])
        name = name.lstrip("/")
    return name


@EACH
@FEW
@given(tree=TREES)
def test_pairs_are_those_found_name_by_name(layout: Layout, tree: set[str]) -> None:
    names = natural_order(tree)
    pairs, lonely = obvious(layout, names)
    for listing in (names, Listing.of_folders(by_folder(tree))):
        paired = layout.pair(listing)
        assert paired.pairs == pairs
        assert [paired.pairs[place] for place in range(len(pairs))] == pairs
        assert paired.pairs.images == [pair.image for pair in pairs]
        assert sorted(paired.lonely_truth) == sorted(lonely)
        assert paired.annotated == sum(bool(pair.truth) for pair in pairs)


@EACH
@FEW
@given(tree=TREES)
def test_counts_are_those_of_the_pairs(layout: Layout, tree: set[str]) -> None:
    paired = layout.pair(Listing.of_folders(by_folder(tree)))
    for places in ([], [0], [1], [0, len(layout.image_template.marks) - 1]):
        keys = [tuple(pair.values[at] for at in places) for pair in paired.pairs]
        assert list(paired.pairs.keys(places)) == keys
        runs = paired.pairs.tally(places)
        assert sum(map(Counter, runs), Counter()) == Counter(keys)
        assert Pairs(paired.pairs).tally(places) == ([Counter(keys)] if keys else [{}])


@EACH
@FEW
@given(tree=TREES)
def test_names_fit_as_they_do_one_by_one(layout: Layout, tree: set[str]) -> None:
    template = layout.image_template
    fitted = Fitted(template, Listing.of_folders(by_folder(tree)))
    expected = [(name, template.fits(name)) for name in natural_order(tree)]
    assert fitted == [(name, m.groups()) for name, m in expected if m]
    assert fitted == list(template.find_all("\n".join(natural_order(tree))))


def test_digits_that_a_template_names_are_looked_at() -> None:
    assert not Template("{frame}_stack/fov000.png").digits_alike
    assert not Template("{stem}/images/{stem}.png").digits_alike
    assert not Template("{a}{b}{c}.png").digits_alike
    assert not Template("{stem}{copy?}.png", {"copy": ("_90", "_180")}).digits_alike
    assert Template("{class}/{class}_{n}.png", {"class": ("A",)}).digits_alike
    assert Template("2014/{prefix}{number#}.png").digits_alike


def test_names_of_private_letters_stay_whole() -> None:
    names = [f"set/\ue001_{number}.png" for number in range(10, 20)]
    layout = Layout("{folder}/{prefix}_{number}.png")
    pairs = layout.pair(Listing.of_folders(by_folder(names))).pairs
    assert [pair.name for pair in pairs] == [name[:-4] for name in names]
