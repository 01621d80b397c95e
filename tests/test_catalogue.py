"""Every row reads back what is written from its own templates."""

from __future__ import annotations

import shutil
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.catalogue import list_datasets, open_dataset
from tiny_sets import canonical, plain_rows, write_tiny_set

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset, Recipe
    from tiny_sets import TinySample

ROWS = pytest.mark.parametrize(
    "recipe", plain_rows(), ids=[recipe.key for recipe in plain_rows()]
)


def zipped(folder: Path, archive: Path, inside: str = "") -> Path:
    """Pack a folder, optionally under a folder name inside the archive."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                target.write(file, inside + file.relative_to(folder).as_posix())
    return archive


def check_all(dataset: Dataset, written: Mapping[str, TinySample]) -> None:
    """Pixels, labels and splits are those written, in natural order."""
    assert {sample.name for sample in dataset.samples} == set(written)
    for sample in dataset.samples:
        expected = written[sample.name]
        np.testing.assert_array_equal(
            dataset.read_picture(sample).pixels, expected.pixels
        )
        truth = dataset.read_truth(sample)
        if expected.labels is None:
            assert truth is None
        else:
            assert truth is not None
            np.testing.assert_array_equal(
                canonical(truth.labels), canonical(expected.labels)
            )
        assert sample.split == expected.split
        cell = dataset.class_of(sample)
        assert (cell.name if cell is not None else None) == expected.cell
    assert dataset.problems == []


@ROWS
def test_folder_is_read_back(recipe: Recipe, tmp_path: Path) -> None:
    written = write_tiny_set(recipe, tmp_path / "set")
    dataset = open_dataset(tmp_path / "set")
    assert dataset.recipe.key == recipe.key
    check_all(dataset, written)


@ROWS
def test_folder_in_wrapper_folders_is_read_back(recipe: Recipe, tmp_path: Path) -> None:
    written = write_tiny_set(recipe, tmp_path / "set" / "wrapper" / "again")
    dataset = open_dataset(tmp_path / "set")
    assert dataset.recipe.key == recipe.key
    if recipe.rank == 2:
        check_all(dataset, written)
    assert len(dataset.samples) == len(written)


@ROWS
@pytest.mark.parametrize("inside", ["", "wrapper/"])
def test_archive_is_read_back_unpacked_nowhere(
    recipe: Recipe, inside: str, tmp_path: Path
) -> None:
    written = write_tiny_set(recipe, tmp_path / "set")
    (tmp_path / "a").mkdir()
    archive = zipped(tmp_path / "set", tmp_path / "a" / "set.zip", inside)
    dataset = open_dataset(archive)
    assert dataset.recipe.key == recipe.key
    assert len(dataset.samples) == len(written)
    if not inside or recipe.rank == 2:
        check_all(dataset, written)
    assert list(archive.parent.iterdir()) == [archive]


@ROWS
def test_archive_in_an_archive_is_read_back(recipe: Recipe, tmp_path: Path) -> None:
    written = write_tiny_set(recipe, tmp_path / "set")
    inner = zipped(tmp_path / "set", tmp_path / "inner.zip")
    with zipfile.ZipFile(tmp_path / "outer.zip", "w", zipfile.ZIP_DEFLATED) as outer:
        outer.write(inner, "inner.zip")
    dataset = open_dataset(tmp_path / "outer.zip")
    assert dataset.recipe.key == recipe.key
    assert len(dataset.samples) == len(written)
    for sample in dataset.samples:
        assert dataset.read_picture(sample).plane_shape == (24, 32)


@ROWS
def test_folder_of_the_pictures_alone_finds_their_masks(
    recipe: Recipe, tmp_path: Path
) -> None:
    written = write_tiny_set(recipe, tmp_path / "set")
    folder = next(iter(written.values())).file.parent
    dataset = open_dataset(folder)
    assert dataset.recipe.key == recipe.key
    inside = {k: v for k, v in written.items() if v.file.is_relative_to(folder)}
    check_all(dataset, inside)


@ROWS
def test_one_picture_opens_its_set_at_itself(recipe: Recipe, tmp_path: Path) -> None:
    written = write_tiny_set(recipe, tmp_path / "set")
    name, dropped = list(written.items())[1]
    dataset = open_dataset(dropped.file)
    assert dataset.recipe.key == recipe.key
    assert dataset.samples[dataset.start].name == name
    alone = recipe.truth is None and recipe.kind == "fields"
    check_all(dataset, {name: dropped} if alone else written)


@ROWS
def test_one_mask_opens_its_set_at_its_picture(recipe: Recipe, tmp_path: Path) -> None:
    if recipe.truth is None:
        return
    written = write_tiny_set(recipe, tmp_path / "set")
    name, dropped = next((n, s) for n, s in written.items() if s.truth_files)
    dataset = open_dataset(dropped.truth_files[0])
    assert dataset.recipe.key == recipe.key
    assert dataset.samples[dataset.start].name == name


@ROWS
def test_labels_are_exported_to_the_sets_own_places(
    recipe: Recipe, tmp_path: Path
) -> None:
    written = write_tiny_set(recipe, tmp_path / "set")
    dataset = open_dataset(tmp_path / "set")
    out = tmp_path / "out" / "set"
    for sample in dataset.samples:
        labels = canonical(np.flipud(written[sample.name].pixels[..., 0] > 200))
        files = dataset.write_labels(sample, np.int32(labels), out)
        expected = written[sample.name].truth_files
        if expected and recipe.form and recipe.form.word != "object-files":
            assert [f.relative_to(out) for f in files] == [
                f.relative_to(tmp_path / "set") for f in expected
            ]


@ROWS
def test_exported_labels_beside_the_pictures_are_the_set_again(
    recipe: Recipe, tmp_path: Path
) -> None:
    if recipe.truth is None:
        return
    written = write_tiny_set(recipe, tmp_path / "set")
    dataset = open_dataset(tmp_path / "set")
    out = tmp_path / "out" / "set"
    changed = {}
    for sample in dataset.samples:
        if written[sample.name].labels is None:
            changed[sample.name] = None
        else:
            labels = np.roll(written[sample.name].labels, 3, axis=0)
            dataset.write_labels(sample, labels, out)
            changed[sample.name] = labels
        target = out / sample.image
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(written[sample.name].file, target)
    again = open_dataset(out)
    assert again.recipe.key == recipe.key
    for sample in again.samples:
        truth = again.read_truth(sample)
        expected = changed[sample.name]
        if expected is None:
            assert truth is None
        else:
            assert len(np.unique(truth.labels)) == len(np.unique(expected))


@pytest.mark.parametrize(
    "recipe", list_datasets(), ids=[recipe.key for recipe in list_datasets()]
)
def test_row_says_what_a_person_must_know(recipe: Recipe) -> None:
    assert recipe.title
    assert recipe.about
    if recipe.rank < 2:
        return
    assert recipe.licence
    assert recipe.licence_url.startswith("https://")
    assert bool(recipe.doi) == bool(recipe.citation)
    assert recipe.expect.notes
    if recipe.certainty == "uncertain":
        assert recipe.layout_notes
    else:
        assert recipe.doi.startswith("10.") or "simulated" in recipe.title
        assert recipe.expect.samples
