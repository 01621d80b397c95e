"""ISBI 2014: MATLAB files of both versions the right way round; 2015: volumes."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import miniatures_isbi as mini
import numpy as np
import pytest
from openings import zipped
from PIL import Image

from mat_files import write_mat5
from napari_cellsets.batch.places import container_names
from napari_cellsets.catalogue import can_open, dataset_info, open_dataset, recognise
from napari_cellsets.core.annotation import LabelImage, MaskStack
from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset

NUMBERS = {"isbi_train": 0, "trainset": 0, "isbi_test90": 100, "testset": 100}


@pytest.fixture(scope="module")
def challenge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mini.write_challenge(tmp_path_factory.mktemp("challenge"))


@pytest.fixture(scope="module")
def dataset_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mini.write_dataset(tmp_path_factory.mktemp("isbi"))


@pytest.fixture(scope="module")
def volumes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mini.write_volumes(tmp_path_factory.mktemp("volumes"))


def unpacked(stack: MaskStack, place: int) -> np.ndarray:
    found = np.zeros(stack.shape, bool)
    row, column = stack.corners[place]
    height, width = stack.masks[place].shape
    found[row : row + height, column : column + width] = stack.masks[place]
    return found


def check(dataset: Dataset, names: list[str]) -> None:
    assert dataset.recipe.key == "isbi2014"
    assert [sample.name for sample in dataset.samples] == names
    for sample in dataset.samples:
        file, _, number = sample.name.partition("/")
        if file == "EDF":
            assert dataset.read_annotations(sample) == ()
            continue
        place = NUMBERS[file] + int(number) - 1
        pixels = dataset.read_picture(sample).pixels
        np.testing.assert_array_equal(pixels, mini.picture(place))
        stack, nuclei = dataset.read_annotations(sample)
        assert isinstance(stack, MaskStack)
        assert isinstance(nuclei, LabelImage)
        expected = mini.cytoplasm(place)
        assert len(stack.masks) == len(expected)
        for i, mask in enumerate(expected):
            np.testing.assert_array_equal(unpacked(stack, i), mask)
        np.testing.assert_array_equal(nuclei.labels > 0, mini.nuclei(place))
        assert nuclei.labels.max() == 2
        assert {stack.class_names[n] for n in stack.class_ids} == {"cytoplasm"}
    assert dataset.problems == []


OF_CHALLENGE = [f"isbi_test90/{i:03d}" for i in (1, 2)]
OF_CHALLENGE += [f"isbi_train/{i:03d}" for i in (1, 2, 3)]
OF_DATASET = ["EDF/EDF000", "EDF/EDF001"]
OF_DATASET += [f"testset/{i:03d}" for i in (1, 2, 3)]
OF_DATASET += [f"trainset/{i:03d}" for i in (1, 2)]


def test_the_challenge_opens_with_overlapping_masks_apart(challenge: Path) -> None:
    dataset = open_dataset(challenge)
    check(dataset, OF_CHALLENGE)
    assert dataset.splits == {"isbi_test90": 2, "isbi_train": 3}
    stack, _ = dataset.read_annotations(dataset.samples[0])
    assert isinstance(stack, MaskStack)
    assert (unpacked(stack, 0) & unpacked(stack, 1)).any()


def test_nuclei_are_counted_as_cytoplasm_overlaps(challenge: Path) -> None:
    dataset = open_dataset(challenge)
    truth = dataset.read_truth(dataset.samples[0])
    assert truth is not None
    assert truth.class_names == {2: "nucleus"}
    assert dataset_info(dataset)["classes"] == {"nucleus": 10}


def test_files_of_both_versions_agree_on_rows_and_columns(dataset_folder: Path) -> None:
    """trainset.mat is version 7.3, trainset_GT.mat version 5: none is mirrored."""
    check(open_dataset(dataset_folder), OF_DATASET)


def test_both_downloads_lie_side_by_side(
    challenge: Path, dataset_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(challenge, tmp_path / "Train45Test90")
    shutil.copytree(dataset_folder, tmp_path / "Dataset")
    dataset = open_dataset(tmp_path)
    check(dataset, OF_DATASET + OF_CHALLENGE)


@pytest.mark.parametrize("inside", ["", "Train45Test90/"])
def test_the_challenge_is_read_from_its_archive(
    inside: str, challenge: Path, tmp_path: Path
) -> None:
    archive = zipped(challenge, tmp_path / "Train45Test90.zip", inside)
    check(open_dataset(archive), OF_CHALLENGE)


def test_the_whole_set_is_read_from_its_archive(
    dataset_folder: Path, tmp_path: Path
) -> None:
    archive = zipped(dataset_folder, tmp_path / "Dataset.zip", "Dataset/")
    check(open_dataset(archive), OF_DATASET)


def test_a_folder_of_archives_opens(
    challenge: Path, dataset_folder: Path, tmp_path: Path
) -> None:
    zipped(challenge, tmp_path / "Train45Test90.zip")
    zipped(dataset_folder, tmp_path / "Dataset.zip", "Dataset/")
    dataset = open_dataset(tmp_path)
    assert len(dataset.samples) == len(OF_CHALLENGE) + len(OF_DATASET)


def test_one_file_of_pictures_is_opened_with_its_masks(
    challenge: Path, dataset_folder: Path
) -> None:
    assert can_open(challenge / "isbi_train.mat")
    assert can_open(challenge)
    check(open_dataset(challenge / "isbi_train.mat"), OF_CHALLENGE[2:])
    check(open_dataset(dataset_folder / "Synthetic" / "testset.mat"), OF_DATASET[2:5])


def test_one_file_of_masks_is_opened_with_its_pictures(challenge: Path) -> None:
    check(open_dataset(challenge / "isbi_test90_GT.mat"), OF_CHALLENGE[:2])


def test_a_folder_of_it_opens(dataset_folder: Path) -> None:
    check(open_dataset(dataset_folder / "EDF"), OF_DATASET[:2])
    check(open_dataset(dataset_folder / "Synthetic"), OF_DATASET[2:])


def test_one_real_picture_opens_the_set_at_itself(dataset_folder: Path) -> None:
    dataset = open_dataset(dataset_folder / "EDF" / "EDF001.png")
    assert dataset.samples[dataset.start].name == "EDF/EDF001"


def test_a_picture_of_ground_truth_is_shown_beside(
    dataset_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(dataset_folder, tmp_path / "Dataset")
    edf = tmp_path / "Dataset" / "EDF"
    shutil.copy(edf / "EDF000.png", edf / "EDF000_GT.png")
    dataset = open_dataset(edf)
    check(dataset, OF_DATASET[:2])
    assert dataset.beside(dataset.samples[0]) == ("ground truth of EDF",)
    assert dataset.beside(dataset.samples[1]) == ()


def test_masks_alone_are_refused_in_one_sentence(tmp_path: Path) -> None:
    write_mat5(tmp_path / "isbi_train_GT.mat", train_Nuclei=[mini.nuclei(0)])
    with pytest.raises(CellsetsError):
        open_dataset(tmp_path)


def test_a_damaged_file_is_told_and_the_other_opens(
    challenge: Path, tmp_path: Path
) -> None:
    shutil.copytree(challenge, tmp_path / "a")
    file = tmp_path / "a" / "isbi_train_GT.mat"
    file.write_bytes(file.read_bytes()[:2000])
    dataset = open_dataset(tmp_path / "a")
    assert len(dataset.samples) == 5
    assert any("isbi_train_GT.mat" in problem.name for problem in dataset.problems)


def test_other_matlab_files_are_left_alone(tmp_path: Path) -> None:
    write_mat5(tmp_path / "mine.mat", images=[mini.picture(0)])
    assert not can_open(tmp_path / "mine.mat")
    Image.fromarray(mini.picture(0)).save(tmp_path / "a.png")
    dataset = open_dataset(tmp_path)
    assert [sample.image for sample in dataset.samples] == ["a.png"]


FRAMES = {
    "Testing_R1_01Dec2014/frame000": 0,
    "Testing_R2_Jan2015/frame018": 18,
    "Training_R1_01Dec2014/frame004": 4,
    "Training_R1_01Dec2014/frame011": 11,
    "Training_R2_Jan2015/frame007": 7,
}


def check_volumes(dataset: Dataset, frames: dict[str, int]) -> None:
    assert dataset.recipe.key == "isbi2015"
    assert [sample.name for sample in dataset.samples] == list(frames)
    for sample in dataset.samples:
        frame = frames[sample.name]
        (stack,) = dataset.read_annotations(sample)
        assert isinstance(stack, MaskStack)
        for place, mask in enumerate(mini.cytoplasm(frame)):
            np.testing.assert_array_equal(unpacked(stack, place), mask)
        planes = dataset.read_beside(sample, "stack").pixels[:, 0, 0]
        assert planes.tolist() == [10 * plane + frame for plane in range(4)]
    assert dataset.problems == []


def test_volumes_open_with_masks_that_lie_elsewhere(volumes: Path) -> None:
    dataset = open_dataset(volumes)
    check_volumes(dataset, FRAMES)
    assert dataset.splits["Training_R1_01Dec2014"] == 2


def test_one_round_of_volumes_opens(volumes: Path) -> None:
    found = open_dataset(volumes / "Training_R2_Jan2015")
    assert found.recipe.key == "isbi2015"
    assert [s.name.rpartition("/")[2] for s in found.samples] == ["frame007"]


def test_volumes_are_read_from_an_archive(volumes: Path, tmp_path: Path) -> None:
    check_volumes(open_dataset(zipped(volumes, tmp_path / "a.zip")), FRAMES)


def test_one_plane_opens_its_volume(volumes: Path) -> None:
    file = volumes / "Training_R2_Jan2015" / "frame007_stack" / "fov002.png"
    dataset = open_dataset(file)
    assert dataset.recipe.key == "isbi2015"
    assert dataset.samples[dataset.start].name.endswith("frame007")


def test_volumes_and_stacks_of_cervix93_are_told_apart(
    volumes: Path, tmp_path: Path
) -> None:
    from miniatures_cervix93 import write_cervix93

    cervix = write_cervix93(tmp_path)
    assert [match.recipe.key for match in recognise(cervix)] == ["cervix93"]
    assert [match.recipe.key for match in recognise(volumes)] == ["isbi2015"]


def test_arrays_are_called_as_files_in_folders_when_converted(challenge: Path) -> None:
    dataset = open_dataset(challenge / "isbi_test90.mat")
    names = container_names(dataset.samples).values()
    assert list(names) == ["isbi_test90/ISBI_Test90/001", "isbi_test90/ISBI_Test90/002"]
    written = container_names(open_dataset(challenge).samples, written=True).values()
    assert "isbi_train_001" in written
