"""MATLAB files with some arrays replaced: read back by us, by scipy and by h5py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest
import scipy.io

from mat_files import write_mat5, write_mat73
from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.mat_tree import MatTree
from napari_cellsets.formats.mat_write import rewrite_mat

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WRITERS = pytest.mark.parametrize("write", [write_mat5, write_mat73])
SHAPE = (12, 17)


def mask(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random(SHAPE) > 0.5


def variables(kind: Any) -> dict[str, Any]:
    return {
        "cyto": [[mask(0).astype(kind), mask(1).astype(kind)], [mask(2).astype(kind)]],
        "nuc": [mask(3).astype(kind), mask(4).astype(kind)],
        "CellNum": np.array([[2.0], [1.0]]),
    }


@WRITERS
@pytest.mark.parametrize("kind", [bool, np.uint8, np.float64])
def test_arrays_and_cells_are_replaced_and_the_rest_stays(
    write: Callable[..., Path], kind: Any, tmp_path: Path
) -> None:
    before = write(tmp_path / "a.mat", **variables(kind))
    new = [mask(7), mask(8), mask(9)]
    after = rewrite_mat(
        before.read_bytes(),
        tmp_path / "out/a.mat",
        {"nuc/002": mask(6)},
        {"cyto/001": new},
    )
    one, other = MatTree.open(before), MatTree.open(after)
    assert set(other.names()) == {*one.names(), "cyto/001/003"}
    for name in ("CellNum", "cyto/002/001", "nuc/001"):
        np.testing.assert_array_equal(other.array(name), one.array(name))
    for name in one.names():
        assert other.array(name).dtype == one.array(name).dtype
    np.testing.assert_array_equal(other.array("nuc/002"), mask(6).astype(kind))
    for place, found in enumerate(new, start=1):
        array = other.array(f"cyto/001/{place:03d}")
        np.testing.assert_array_equal(array, found.astype(kind))


def test_scipy_reads_what_is_written(tmp_path: Path) -> None:
    before = write_mat5(tmp_path / "a.mat", **variables(np.uint8), text=np.array("ab"))
    new = [mask(7)]
    after = rewrite_mat(before.read_bytes(), before, {}, {"cyto/001": new})
    found = scipy.io.loadmat(after, mat_dtype=True)
    assert found["cyto"].shape == (2, 1)
    assert found["cyto"][0, 0].shape == (1, 1)
    np.testing.assert_array_equal(found["cyto"][0, 0][0, 0], mask(7))
    assert found["cyto"][0, 0][0, 0].dtype == np.uint8
    assert found["text"].tolist() == ["ab"]


def test_h5py_reads_what_is_written(tmp_path: Path) -> None:
    before = write_mat73(tmp_path / "a.mat", **variables(bool))
    header = before.read_bytes()[:512]
    after = rewrite_mat(before.read_bytes(), before, {}, {"cyto/002": [mask(7)] * 2})
    assert after.read_bytes()[:512] == header
    with h5py.File(after) as file:
        inner = file[file["cyto"][0, 1]]
        assert inner.shape == (1, 2)
        assert inner.attrs["MATLAB_class"] == b"cell"
        found = file[inner[0, 1]]
        assert found.attrs["MATLAB_class"] == b"logical"
        np.testing.assert_array_equal(found[()].T != 0, mask(7))


@WRITERS
def test_the_last_objects_may_go(write: Callable[..., Path], tmp_path: Path) -> None:
    before = write(tmp_path / "a.mat", **variables(np.uint8))
    after = rewrite_mat(before.read_bytes(), before, {}, {"cyto/002": []})
    names = MatTree.open(after).names()
    assert [name for name in names if name.startswith("cyto")] == [
        "cyto/001/001",
        "cyto/001/002",
    ]


@WRITERS
def test_arrays_of_another_size_take_the_place(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    boxes = [np.ones((2, 4)), np.ones((1, 4))]
    before = write(tmp_path / "a.mat", boxes=boxes)
    new = np.arange(12.0).reshape(3, 4)
    after = rewrite_mat(before.read_bytes(), before, {"boxes/002": new}, {})
    np.testing.assert_array_equal(MatTree.open(after).array("boxes/002"), new)


@WRITERS
def test_numbers_that_do_not_fit_are_refused(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    before = write(tmp_path / "a.mat", labels=[np.ones(SHAPE, np.uint8)])
    large = np.full(SHAPE, 300)
    with pytest.raises(ExportError, match="does not fit the type uint8"):
        rewrite_mat(before.read_bytes(), tmp_path / "b.mat", {"labels/001": large}, {})
    assert not (tmp_path / "b.mat").exists()


@WRITERS
@pytest.mark.parametrize("name", ["nothing", "nuc/009", "nuc/001/002/x", "nuc/x"])
def test_arrays_that_are_not_there_are_refused(
    write: Callable[..., Path], name: str, tmp_path: Path
) -> None:
    before = write(tmp_path / "a.mat", **variables(bool))
    with pytest.raises(ExportError, match="has no array"):
        rewrite_mat(before.read_bytes(), tmp_path / "b.mat", {name: mask(0)}, {})


def test_empty_cells_are_refused(tmp_path: Path) -> None:
    before = write_mat73(tmp_path / "a.mat", nuc=[np.zeros((0, 0))])
    with pytest.raises(ExportError, match="nobody knows how its elements"):
        rewrite_mat(before.read_bytes(), before, {}, {"nuc/001": [mask(0)]})


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    content = write_mat5(tmp_path / "a.mat", **variables(bool)).read_bytes()
    with pytest.raises(ExportError, match="cannot be written again as it is"):
        rewrite_mat(content[:200], tmp_path / "b.mat", {"nuc/001": mask(0)}, {})


def test_a_real_file_is_the_same_but_for_what_was_replaced(
    real_samples: Path, tmp_path: Path
) -> None:
    folder = real_samples / "isbi2014_third_party_resaves"
    before = next(folder.rglob("Segmentations_45_Training_Results.mat"))
    name = "master_cell/045/008"
    one = MatTree.open(before)
    new = one.array(name)[::-1]
    after = rewrite_mat(before.read_bytes(), tmp_path / "a.mat", {name: new}, {})
    other = MatTree.open(after)
    assert list(other.names()) == list(one.names())
    for known in one.names():
        wanted = new if known == name else one.array(known)
        np.testing.assert_array_equal(other.array(known), wanted)
        assert other.array(known).dtype == wanted.dtype
    cells, was = (
        scipy.io.loadmat(file, mat_dtype=True)["master_cell"]
        for file in (after, before)
    )
    assert cells.shape == was.shape
    np.testing.assert_array_equal(cells.ravel()[44].ravel()[7], new)


def test_objects_of_matlab_are_refused(tmp_path: Path) -> None:
    # scipy calls a variable without a name so: an object that it cannot write
    before = write_mat5(tmp_path / "a.mat", **{"None": np.ones(3)}, nuc=[mask(0)])
    with pytest.raises(ExportError, match="it holds objects of MATLAB itself"):
        rewrite_mat(before.read_bytes(), before, {"nuc/001": mask(1)}, {})
