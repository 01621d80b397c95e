from __future__ import annotations

from napari_cellsets.formats.layouts import Layout

MIRRORED = Layout("images/{stem}.png", "masks/{stem}.png")
OBJECTS = Layout("{stem}/images/{stem}.png", "{stem}/masks/{object}.png")
SUFFIX = Layout(
    "{inner**}/{stem}.{ext}",
    "{inner**}/{stem}{suffix}.{ext}",
    {"suffix": ("_masks", "_mask")},
)


def test_mirrored_folders_are_paired() -> None:
    paired = MIRRORED.pair(["images/a.png", "images/b.png", "masks/a.png"])
    assert [(p.name, p.truth) for p in paired.pairs] == [
        ("a", ("masks/a.png",)),
        ("b", ()),
    ]
    assert paired.annotated == 1


def test_mask_without_picture_is_told() -> None:
    paired = MIRRORED.pair(["images/a.png", "masks/a.png", "masks/c.png"])
    assert paired.lonely_truth == ("masks/c.png",)


def test_many_masks_belong_to_one_picture() -> None:
    names = ["a/images/a.png", "a/masks/1.png", "a/masks/2.png", "b/masks/3.png"]
    (pair,) = OBJECTS.pair(names).pairs
    assert pair.truth == ("a/masks/1.png", "a/masks/2.png")


def test_masks_beside_pictures_are_no_pictures() -> None:
    names = ["x/a.png", "x/a_mask.png", "x/b_mask.png"]
    paired = SUFFIX.pair(names)
    assert [(p.image, p.truth) for p in paired.pairs] == [
        ("x/a.png", ("x/a_mask.png",)),
        ("x/b_mask.png", ()),
    ]


def test_masks_in_other_formats_are_found() -> None:
    layout = Layout("images/{stem}.{ext}", "masks/{stem}.{ext}")
    (pair,) = layout.pair(["images/a.jpg", "masks/a.tif"]).pairs
    assert pair.truth == ("masks/a.tif",)


def test_sets_under_two_wrappers_are_kept_apart() -> None:
    names = [f"{w}/{kind}/a.png" for w in "xy" for kind in ("images", "masks")]
    paired = MIRRORED.pair(names)
    assert [(p.name, p.truth) for p in paired.pairs] == [
        ("x/a", ("x/masks/a.png",)),
        ("y/a", ("y/masks/a.png",)),
    ]


def test_names_that_differ_in_their_ending_stay_unique() -> None:
    names = ["a.jpg", "a.png", "b.png"]
    paired = Layout("{stem}.{ext}").pair(names)
    assert [pair.name for pair in paired.pairs] == ["a.jpg", "a.png", "b"]


def test_place_of_truth_is_known_before_it_exists() -> None:
    assert MIRRORED.truth_name("w/images/a.png", {}) == "w/masks/a.png"
    assert OBJECTS.truth_name("a/images/a.png", {"object": "1"}) == "a/masks/1.png"
    assert Layout("{stem}.png").truth_name("a.png", {}) == "a.png"


def test_presence_of_truth_is_seen_from_names() -> None:
    assert MIRRORED.has_truth(["masks/a.png"])
    assert not MIRRORED.has_truth(["images/a.png"])
    assert not Layout("{stem}.png").has_truth(["a.png"])
