"""SIPaKMeD: two patterns of contours, contours that leave, tables that are none."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import miniatures_sipakmed as mini
import numpy as np
import pytest
from openings import zipped

from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.annotation import ImageClass, Polygons
from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.words.contour_files import ring_of

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset

CELLS = [f"{name}/001_{cell:02d}" for name in mini.CLASSES for cell in (1, 2)]
FIELDS = [f"{name}/001" for name in mini.CLASSES]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mini.write_sipakmed(tmp_path_factory.mktemp("sipakmed"))


@pytest.fixture(scope="module")
def downloaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("download")
    return mini.write_as_downloaded(root, tmp_path_factory.mktemp("work") / "w")


def check_cells(dataset: Dataset, cells: list[str] = CELLS) -> None:
    assert dataset.recipe.key == "sipakmed"
    assert [sample.name for sample in dataset.samples] == cells
    for sample in dataset.samples:
        cytoplasm, nucleus, of = dataset.read_annotations(sample)
        assert isinstance(cytoplasm, Polygons)
        assert isinstance(nucleus, Polygons)
        assert isinstance(of, ImageClass)
        assert sample.name.startswith(of.name)
        first = sample.name.endswith("_01")
        rings = (mini.CYTOPLASM, mini.OUTSIDE) if first else (mini.SECOND, mini.SECOND)
        for polygons, expected in zip((cytoplasm, nucleus), rings, strict=True):
            (((ring,),),) = polygons.outlines
            np.testing.assert_allclose(ring, np.array(expected)[:, ::-1])
        assert [cytoplasm.source, nucleus.source] == ["cytoplasm", "nucleus"]
        assert dataset.beside(sample) == ("field",)
    assert dataset.problems == []


def check_fields(dataset: Dataset) -> None:
    assert dataset.recipe.key == "sipakmed_clusters"
    assert [sample.name for sample in dataset.samples] == FIELDS
    for sample in dataset.samples:
        cells, nuclei = dataset.read_annotations(sample)
        assert isinstance(cells, Polygons)
        assert isinstance(nuclei, Polygons)
        assert len(cells.outlines) == len(nuclei.outlines) == 2
        ((ring,),) = cells.outlines[0]
        expected = np.array(mini.CYTOPLASM) + mini.CORNER
        np.testing.assert_allclose(ring, expected[:, ::-1])
        assert cells.class_ids is not None
        (number,) = set(cells.class_ids.tolist())
        assert cells.class_names[number] == sample.facts["class"]
    assert dataset.problems == []


def test_the_folder_opens_as_single_cells(whole: Path) -> None:
    dataset = open_dataset(whole)
    check_cells(dataset)
    assert dataset.kind == "cells"
    assert dataset.samples[0].facts["group"] == "abnormal"
    assert dataset.completeness.text == "10 of 4,049 images"


def test_the_fields_can_be_chosen(whole: Path) -> None:
    dataset = open_dataset(whole, "sipakmed_clusters")
    check_fields(dataset)
    assert dataset.read_picture(dataset.samples[0]).plane_shape == (1536, 2048)


def test_folders_within_folders_of_the_same_name_open(tmp_path: Path) -> None:
    root = mini.write_sipakmed(tmp_path / "a", nested=True)
    check_cells(open_dataset(root))
    check_fields(open_dataset(root, "sipakmed_clusters"))


def test_mixed_nesting_opens(whole: Path, tmp_path: Path) -> None:
    for number, name in enumerate(mini.CLASSES):
        inner = f"im_{name}/im_{name}" if number % 2 else f"im_{name}"
        shutil.copytree(whole / f"im_{name}", tmp_path / inner)
    check_cells(open_dataset(tmp_path))


def test_an_archive_opens(whole: Path, tmp_path: Path) -> None:
    check_cells(open_dataset(zipped(whole, tmp_path / "SIPaKMeD.zip", "SIPaKMeD/")))


def test_the_7z_archives_open_as_downloaded(downloaded: Path) -> None:
    check_cells(open_dataset(downloaded))
    check_fields(open_dataset(downloaded, "sipakmed_clusters"))


def test_one_7z_archive_is_one_class(downloaded: Path) -> None:
    dataset = open_dataset(downloaded / "im_Parabasal.7z")
    check_cells(dataset, CELLS[6:8])
    assert dataset.completeness.text == "2 of 787 images of Parabasal"


@pytest.mark.parametrize("part", ["im_Metaplastic", "im_Metaplastic/CROPPED"])
def test_a_folder_of_it_is_one_class(part: str, whole: Path) -> None:
    check_cells(open_dataset(whole / part), CELLS[4:6])


@pytest.mark.parametrize("file", ["001_02.bmp", "001_02_cyt.dat", "001_02_nuc.dat"])
def test_one_file_of_a_cell_opens_the_set_at_it(file: str, whole: Path) -> None:
    dataset = open_dataset(whole / "im_Metaplastic" / "CROPPED" / file)
    check_cells(dataset)
    assert dataset.samples[dataset.start].name == "Metaplastic/001_02"


@pytest.mark.parametrize("file", ["001.bmp", "001_cyt01.dat", "001_nuc02.dat"])
def test_one_file_of_a_field_opens_the_fields_at_it(file: str, whole: Path) -> None:
    dataset = open_dataset(whole / "im_Koilocytotic" / file)
    check_fields(dataset)
    assert dataset.samples[dataset.start].name == "Koilocytotic/001"


def test_tables_of_features_are_no_contours(whole: Path, tmp_path: Path) -> None:
    root = tmp_path / "a"
    shutil.copytree(whole, root)
    mini.write_features(root / "Features_CELL")
    mini.write_features(root / "im_Parabasal" / "CROPPED" / "Features_CELL")
    check_cells(open_dataset(root))


def test_a_contour_that_leaves_its_picture_is_kept_whole(whole: Path) -> None:
    dataset = open_dataset(whole)
    _, nucleus, _ = dataset.read_annotations(dataset.samples[0])
    assert isinstance(nucleus, Polygons)
    (((ring,),),) = nucleus.outlines
    assert (
        ring[:, 0].max()
        == 200.75
        > dataset.read_picture(dataset.samples[0]).plane_shape[0]
    )
    assert ring[:, 1].min() == -3.5


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "found 0"),
        (b"1,2\n3,4\n", "found 2"),
        (b"1,2\n3,4\n1,2\n", "found 2"),
        (b"1,2\nnan,4\n5,6\n", "line 2 of a contour is no point"),
        (b"1,2\n1e30,4\n5,6\n", "line 2 of a contour is no point"),
        (b"1,2,3\n", "line 1 of a contour is no point"),
        (b"<html></html>", "line 1 of a contour is no point"),
    ],
)
def test_a_broken_contour_is_told_and_the_other_stays(
    content: bytes, said: str, whole: Path, tmp_path: Path
) -> None:
    root = tmp_path / "a"
    shutil.copytree(whole, root)
    (root / "im_Parabasal" / "001_cyt01.dat").write_bytes(content)
    dataset = open_dataset(root, "sipakmed_clusters")
    cells, nuclei = dataset.read_annotations(dataset.samples[3])
    assert isinstance(cells, Polygons)
    assert isinstance(nuclei, Polygons)
    assert (len(cells.outlines), len(nuclei.outlines)) == (1, 2)
    (problem,) = dataset.problems
    assert said in problem.message
    assert "001_cyt01.dat" in problem.message


def test_a_contour_too_large_to_be_one_is_refused(whole: Path, tmp_path: Path) -> None:
    root = tmp_path / "a"
    shutil.copytree(whole, root)
    (root / "im_Parabasal" / "001_cyt01.dat").write_bytes(b"1,2\n" * 2_000_000)
    dataset = open_dataset(root, "sipakmed_clusters")
    dataset.read_annotations(dataset.samples[3])
    assert "a contour of 8,000,000 bytes is none" in dataset.problems[0].message


def test_a_closed_contour_loses_its_last_point() -> None:
    ring = ring_of(b"\xef\xbb\xbf1,2\n\n3,4\n5,1\n1,2\n", "a.dat")
    np.testing.assert_array_equal(ring, [[1, 2], [3, 4], [5, 1]])


def test_a_contour_of_nothing_is_refused() -> None:
    with pytest.raises(UnreadableFileError, match="three points or more"):
        ring_of(b"1,1\n", "a.dat")
