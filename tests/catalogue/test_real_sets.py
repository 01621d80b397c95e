"""Real files in their published layout: what is known of them is found."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from napari_cellsets.catalogue import dataset_info, open_dataset

if TYPE_CHECKING:
    from pathlib import Path

V1 = "fluorescent_neuronal_cells_v1"
V2 = "fluorescent_neuronal_cells_v2"
FIRST, SECOND = "Mar19bS1C4R2_LHr_200x_y", "Mar24bS1C2R3_LHl_200x_y"


def zipped(folder: Path, archive: Path) -> Path:
    with zipfile.ZipFile(archive, "w") as target:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                target.write(file, file.relative_to(folder.parent).as_posix())
    return archive


def counts(path: Path) -> dict[str, int]:
    dataset = open_dataset(path)
    found = {}
    for sample in dataset.samples:
        truth = dataset.read_truth(sample)
        if truth is not None:
            found[sample.name] = int(np.unique(truth.labels).size - 1)
    assert dataset.problems == []
    return found


@pytest.mark.parametrize(
    "part",
    [
        "",
        "all_images",
        "all_images/images",
        "all_masks/masks",
        f"all_images/images/{SECOND}.png",
        f"all_masks/masks/{SECOND}.png",
    ],
)
def test_v1_counts_its_neurons_from_any_part(part: str, real_samples: Path) -> None:
    assert counts(real_samples / V1 / part) == {FIRST: 13, SECOND: 6}


def test_v1_is_read_from_its_archive(real_samples: Path, tmp_path: Path) -> None:
    archive = zipped(real_samples / V1, tmp_path / "fluocells.zip")
    assert counts(archive) == {FIRST: 13, SECOND: 6}


def test_v1_tells_split_completeness_and_licence(real_samples: Path) -> None:
    dataset = open_dataset(real_samples / V1)
    assert [sample.split for sample in dataset.samples] == ["test", "trainval"]
    assert dataset.completeness.text == "2 of 283 images"
    assert not dataset.completeness.complete
    assert dataset.recipe.licence == "CC BY-SA 4.0"


def test_v1_opens_at_the_dropped_picture(real_samples: Path) -> None:
    dataset = open_dataset(real_samples / V1 / f"all_images/images/{SECOND}.png")
    assert dataset.samples[dataset.start].name == SECOND


def test_v1_pictures_are_those_pillow_reads(real_samples: Path) -> None:
    dataset = open_dataset(real_samples / V1)
    for sample in dataset.samples:
        with Image.open(real_samples / V1 / sample.image) as image:
            expected = np.asarray(image)
        picture = dataset.read_picture(sample)
        assert picture.rgb
        np.testing.assert_array_equal(picture.pixels, expected)


def test_v1_masks_are_written_as_published(real_samples: Path, tmp_path: Path) -> None:
    dataset = open_dataset(real_samples / V1)
    for sample in dataset.samples:
        truth = dataset.read_truth(sample)
        assert truth is not None
        (file,) = dataset.write_labels(sample, truth.labels, tmp_path)
        assert file == tmp_path / sample.annotations[0]
        with (
            Image.open(file) as ours,
            Image.open(real_samples / V1 / sample.annotations[0]) as theirs,
        ):
            assert ours.mode == theirs.mode == "I;16"
            np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


def test_every_published_name_of_v1_has_its_split(real_samples: Path) -> None:
    import json

    listing = json.loads((real_samples / f"{V1}_names.json").read_text())
    names = {
        row[0].removesuffix(".tiff").removesuffix(".png") for row in listing["data"]
    }
    recipe = open_dataset(real_samples / V1).recipe
    assert len(names) == recipe.expect.samples
    assert set(recipe.split_of) <= names
    assert len(recipe.split_of) == recipe.expect.splits["test"] == 70


def test_v2_tells_colours_splits_and_stains(real_samples: Path) -> None:
    dataset = open_dataset(real_samples / V2)
    assert {s.name: (s.split, s.facts["stain"]) for s in dataset.samples} == {
        "green/unlabelled/0": ("unlabelled", "c-FOS"),
        "red/trainval/0": ("trainval", "Orx"),
        "red/trainval/1": ("trainval", "Orx"),
    }
    assert dataset.completeness.text == "3 of 1,237 images of green, red"
    assert dataset.problems == []


def test_v2_of_one_colour_is_measured_by_that_colour(real_samples: Path) -> None:
    dataset = open_dataset(real_samples / V2 / "red")
    assert [s.name for s in dataset.samples] == ["red/trainval/0", "red/trainval/1"]
    assert dataset.completeness.text == "2 of 546 images of red"


def test_v2_pictures_have_their_two_sizes(real_samples: Path) -> None:
    dataset = open_dataset(real_samples / V2 / "red")
    shapes = [dataset.read_picture(sample).plane_shape for sample in dataset.samples]
    assert shapes == [(1200, 1600), (1704, 2272)]


def test_v2_info_counts_by_class(real_samples: Path) -> None:
    info = dataset_info(open_dataset(real_samples / V2))
    assert info == {
        "dataset": V2,
        "title": "Fluorescent Neuronal Cells v2",
        "samples": 3,
        "annotated": 2,
        "classes": {"c-FOS nucleus": 0, "CTb neuron": 0, "Orx neuron": 62},
        "splits": {"unlabelled": 1, "trainval": 2},
        "complete": False,
        "problems": [],
    }


def test_dsb_counts_one_nucleus_a_file(real_samples: Path) -> None:
    found = counts(real_samples / "dsb2018")
    root = real_samples / "dsb2018" / "stage1_train"
    expected = {
        f"stage1_train/{folder.name}": len(list((folder / "masks").iterdir()))
        for folder in root.iterdir()
    }
    assert found == expected
    assert sum(found.values()) == 976


def test_dsb_is_read_from_an_archive(real_samples: Path, tmp_path: Path) -> None:
    archive = zipped(real_samples / "dsb2018" / "stage1_train", tmp_path / "a.zip")
    assert sum(counts(archive).values()) == 976


def test_dsb_pictures_lose_their_constant_alpha(real_samples: Path) -> None:
    dataset = open_dataset(real_samples / "dsb2018")
    for sample in dataset.samples:
        picture = dataset.read_picture(sample)
        assert picture.rgb
        with Image.open(real_samples / "dsb2018" / sample.image) as image:
            expected = np.asarray(image)[..., :3]
        np.testing.assert_array_equal(picture.pixels, expected)


def test_dsb_folder_of_one_id_is_one_sample(real_samples: Path) -> None:
    folder = next((real_samples / "dsb2018" / "stage1_train").glob("adc315bd*"))
    dataset = open_dataset(folder)
    assert [s.name for s in dataset.samples] == [f"stage1_train/{folder.name}"]
    assert len(dataset.samples[0].annotations) == 5


def test_dsb_mask_opens_its_set_at_its_picture(real_samples: Path) -> None:
    folder = next((real_samples / "dsb2018" / "stage1_train").glob("adc315bd*"))
    dataset = open_dataset(sorted((folder / "masks").iterdir())[0])
    assert len(dataset.samples) == 14
    assert dataset.samples[dataset.start].name.endswith(folder.name)


def test_blood_cells_open_without_the_finder_file_among_them(
    real_samples: Path,
) -> None:
    dataset = open_dataset(real_samples / "pbc_acevedo")
    assert dataset.recipe.key == "pbc_acevedo"
    assert len(dataset.samples) == 398
    assert dataset.thumbnail(dataset.samples[0]).shape[2] == 3


def test_pictures_and_labels_of_equal_names_are_paired(shared_root: Path) -> None:
    dataset = open_dataset(shared_root / "training" / "dsb2018_fluorescence")
    assert dataset.recipe.key == "image_and_mask_folders"
    assert len(dataset.samples) == 300
    assert all(sample.annotations for sample in dataset.samples)
    truth = dataset.read_truth(dataset.samples[0])
    assert truth is not None
    assert truth.labels.max() > 0
