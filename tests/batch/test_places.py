from __future__ import annotations

from napari_cellsets.batch.places import image_names, mask_names
from napari_cellsets.core.sample import Sample


def test_images_are_called_by_their_file_where_that_names_one_image() -> None:
    samples = [Sample("a", "set/images/a.png"), Sample("b", "set/images/b.tif")]
    assert image_names(samples) == {"a": "a.png", "b": "b.tif"}
    assert mask_names(samples, ".png") == {"a": "a.png", "b": "b.png"}


def test_images_that_share_a_file_name_keep_their_path() -> None:
    samples = [
        Sample("red/0", "red/images/0.png"),
        Sample("green/0", "green/images/0.png"),
        Sample("red/1", "red/images/1.png"),
    ]
    assert image_names(samples) == {s.name: s.image for s in samples}
    assert mask_names(samples, ".png")["red/1"] == "red/images/1.png"


def test_file_names_that_differ_in_case_alone_are_taken_for_the_same() -> None:
    samples = [Sample("a", "x/A.png"), Sample("b", "y/a.png")]
    assert image_names(samples) == {"a": "x/A.png", "b": "y/a.png"}


def test_masks_of_images_that_differ_in_their_ending_keep_both_endings() -> None:
    samples = [Sample("a", "a.png"), Sample("b", "a.tif")]
    assert mask_names(samples, ".png") == {"a": "a.png.png", "b": "a.tif.png"}
