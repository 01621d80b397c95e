"""A MATLAB file is an archive of its arrays, the same from both versions."""

from __future__ import annotations

import shutil
import struct
import threading
import zipfile
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest
import scipy.io
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mat_files import write_mat5, write_mat73
from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats import limits
from napari_cellsets.formats.codecs import read_picture, read_plane, read_shape
from napari_cellsets.formats.mat_tree import MatTree, array_of
from napari_cellsets.formats.sources import HeldSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RNG = np.random.default_rng(5)
GREY = RNG.integers(0, 256, (20, 30), np.uint8)
COLOUR = RNG.integers(0, 256, (20, 30, 3), np.uint8)
MASKS = [RNG.random((20, 30)) < 0.3 for _ in range(3)]
TABLE = np.array([[1.5, 2, 3], [4, 5, 6]])

VERSIONS = pytest.mark.parametrize("write", [write_mat5, write_mat73])


@pytest.fixture(params=["v5 packed", "v5 plain", "v7.3"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    content = {
        "Images": [GREY, COLOUR],
        "Cytoplasm": [[MASKS[0], MASKS[1]], [MASKS[2]]],
        "CellNum": TABLE,
    }
    if request.param == "v7.3":
        return write_mat73(tmp_path / "set.mat", **content)
    return write_mat5(tmp_path / "set.mat", packed="packed" in request.param, **content)


def test_arrays_of_cells_are_members_counted_from_one(file: Path) -> None:
    assert MatTree.open(file).names() == [
        "CellNum",
        "Cytoplasm/001/001",
        "Cytoplasm/001/002",
        "Cytoplasm/002/001",
        "Images/001",
        "Images/002",
    ]


def test_rows_and_columns_are_those_of_matlab(file: Path) -> None:
    tree = MatTree.open(file)
    for name, expected in {
        "CellNum": TABLE,
        "Images/001": GREY,
        "Images/002": COLOUR,
        "Cytoplasm/001/002": MASKS[1],
        "Cytoplasm/002/001": MASKS[2],
    }.items():
        np.testing.assert_array_equal(tree.array(name), expected)
        assert tree.array(name).dtype == expected.dtype
        np.testing.assert_array_equal(array_of(tree, name), expected)


def test_arrays_read_as_pictures_and_masks(file: Path) -> None:
    tree = MatTree.open(file)
    picture = read_picture(tree, "Images/001")
    assert (picture.axes, picture.pixels.dtype) == ("yx", np.uint8)
    np.testing.assert_array_equal(picture.pixels, GREY)
    assert read_picture(tree, "Images/002").rgb
    np.testing.assert_array_equal(read_picture(tree, "Images/002").pixels, COLOUR)
    mask = read_plane(tree, "Cytoplasm/001/001")
    np.testing.assert_array_equal(mask, MASKS[0].astype(np.uint8))
    assert read_shape(tree, "Cytoplasm/001/001") == (20, 30)


def test_what_is_read_twice_is_the_same_from_many_threads(file: Path) -> None:
    tree = MatTree.open(file)
    expected = {name: tree.read(name) for name in tree.names()}
    wrong: list[str] = []

    def look() -> None:
        again = MatTree.open(file)
        for name in [*expected, *expected]:
            if tree.read(name) != expected[name] or again.read(name) != expected[name]:
                wrong.append(name)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_file_in_memory_reads_as_the_one_on_disk(file: Path) -> None:
    inside = MatTree(HeldSource(file.read_bytes(), in_memory=1 << 20), file)
    on_disk = MatTree.open(file)
    assert inside.names() == on_disk.names()
    for name in inside.names():
        assert inside.read(name) == on_disk.read(name)


def test_a_row_of_a_thousand_cells_is_in_natural_order(tmp_path: Path) -> None:
    cells = [np.full((1, 1), i, np.int16) for i in range(1001)]
    for path in (
        write_mat5(tmp_path / "5.mat", c=cells),
        write_mat73(tmp_path / "7.mat", c=cells),
    ):
        tree = MatTree.open(path)
        assert tree.names()[:2] == ["c/0001", "c/0002"]
        assert [int(tree.array(name).item()) for name in tree.names()] == list(
            range(1001)
        )


@VERSIONS
def test_empty_arrays_are_left_out_and_keep_the_numbers_of_others(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    path = write(tmp_path / "a.mat", c=[GREY, np.zeros((0, 0)), MASKS[0]])
    assert MatTree.open(path).names() == ["c/001", "c/003"]


def test_structures_are_folders_of_their_fields(tmp_path: Path) -> None:
    path = tmp_path / "s.mat"
    scipy.io.savemat(path, {"one": {"mask": GREY, "inner": {"number": TABLE}}})
    tree = MatTree.open(path)
    assert tree.names() == ["one/inner/number", "one/mask"]
    np.testing.assert_array_equal(tree.array("one/mask"), GREY)
    np.testing.assert_array_equal(tree.array("one/inner/number"), TABLE)


def test_text_is_read_as_letters(tmp_path: Path) -> None:
    path = tmp_path / "t.mat"
    scipy.io.savemat(path, {"name": "frame 1"})
    assert "".join(MatTree.open(path).array("name").ravel()) == "frame 1"
    path = write_mat73(tmp_path / "t7.mat", name=np.array([[102, 103]], np.uint16))
    with h5py.File(path, "r+") as file:
        file["name"].attrs["MATLAB_class"] = np.bytes_("char")
    assert "".join(MatTree.open(path).array("name").ravel()) == "fg"


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    dtype=st.sampled_from("u1 i2 u2 i4 u4 i8 u8 f4 f8".split()),
    shape=st.lists(st.integers(1, 12), min_size=2, max_size=4),
    packed=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_version_5_equals_what_scipy_reads(
    dtype: str, shape: list[int], packed: bool, seed: int, tmp_path: Path
) -> None:
    rng = np.random.default_rng(seed)
    array = rng.integers(0, 100, shape).astype(dtype)
    path = write_mat5(tmp_path / "a.mat", packed=packed, a=array, b=[array, [array]])
    tree = MatTree.open(path)
    theirs = scipy.io.loadmat(path)
    for name in tree.names():
        np.testing.assert_array_equal(tree.array(name), theirs["a"])
        assert tree.array(name).dtype == theirs["a"].dtype
    assert list(tree.names()) == ["a", "b/001", "b/002/001"]


def test_published_results_of_the_challenge_equal_what_scipy_reads(
    real_samples: Path,
) -> None:
    path = (
        real_samples
        / "isbi2014_third_party_resaves/Dev/Results_Metrics"
        / "Segmentations_45_Training_Results.mat"
    )
    tree = MatTree.open(path)
    theirs = scipy.io.loadmat(path)["master_cell"]
    names = [
        f"master_cell/{i + 1:03d}/{j + 1:03d}"
        for i in range(theirs.shape[0])
        for j in range(theirs[i, 0].shape[0])
    ]
    assert list(tree.names()) == names
    for name in names[::23]:
        i, j = (int(part) - 1 for part in name.split("/")[1:])
        np.testing.assert_array_equal(tree.array(name), theirs[i, 0][j, 0])


def test_a_link_to_another_file_is_not_followed(tmp_path: Path) -> None:
    write_mat73(tmp_path / "secret.mat", a=GREY)
    path = write_mat73(tmp_path / "b.mat", b=GREY)
    with h5py.File(path, "r+") as file:
        file["away"] = h5py.ExternalLink(str(tmp_path / "secret.mat"), "/a")
        file.create_dataset(
            "raw", (4,), "u1", external=[(str(tmp_path / "secret.mat"), 0, 4)]
        )
    tree = MatTree.open(path)
    assert list(tree.names()) == ["b"]
    assert [problem.name for problem in tree.problems] == ["away"]


def test_a_line_break_in_a_name_does_not_make_two(tmp_path: Path) -> None:
    path = write_mat73(tmp_path / "a.mat", **{"a\nb": GREY})
    assert MatTree.open(path).names() == ["a_b"]
    np.testing.assert_array_equal(MatTree.open(path).array("a_b"), GREY)


def test_a_circle_of_cells_ends(tmp_path: Path) -> None:
    path = write_mat73(tmp_path / "c.mat", good=GREY, circle=[GREY])
    with h5py.File(path, "r+") as file:
        file["circle"][0, 0] = file["circle"].ref
    tree = MatTree.open(path)
    assert "good" in tree.names()
    assert "deep" in tree.problems[0].message


def test_a_variable_that_inflates_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAT_VARIABLE_BYTES", 1 << 20)
    path = write_mat5(tmp_path / "b.mat", good=GREY, bomb=np.zeros((4000, 4000)))
    tree = MatTree.open(path)
    assert list(tree.names()) == ["good"]
    assert "inflates to more than 1,048,576 bytes" in tree.problems[0].message


def test_more_arrays_than_one_can_mean_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAT_ARRAYS", 3)
    cells = [GREY] * 5
    for path in (
        write_mat5(tmp_path / "5.mat", c=cells),
        write_mat73(tmp_path / "7.mat", c=cells),
    ):
        tree = MatTree.open(path)
        assert "more than 3 arrays" in tree.problems[0].message
        assert len(tree.names()) == 3


def test_an_array_too_large_to_be_true_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_mat73(tmp_path / "a.mat", a=GREY)
    with h5py.File(path, "r+") as file:
        file.create_dataset("giant", (10**6, 10**6), "f8", chunks=(100, 100))
    tree = MatTree.open(path)
    with pytest.raises(UnreadableFileError, match="declares 8,000,000,000,000 bytes"):
        tree.array("giant")
    np.testing.assert_array_equal(tree.array("a"), GREY)


def test_a_name_that_is_not_there_is_said(file: Path) -> None:
    with pytest.raises(UnreadableFileError, match="has no array 'Images/9'"):
        MatTree.open(file).read("Images/9")


@pytest.mark.parametrize("content", [b"", b"<html>", b"MATLAB 4" * 40])
def test_another_file_is_no_matlab_file(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=r"version 5 or 7\.3 was expected"):
        MatTree.open(path)


def test_numbers_that_do_not_fill_the_array_are_told(tmp_path: Path) -> None:
    path = write_mat5(tmp_path / "a.mat", packed=False, a=GREY)
    content = bytearray(path.read_bytes())
    at = content.index(struct.pack("<ii", *GREY.shape))
    content[at : at + 8] = struct.pack("<ii", 2000, 3000)
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match="6,000,000 numbers were expected"):
        MatTree.open(path).array("a")


def test_any_damage_is_a_clear_error_and_never_hangs(file: Path) -> None:
    """Cut at many places, and with flipped bytes: read, or refused with the place."""
    whole = file.read_bytes()
    rng = np.random.default_rng(1)
    damaged = [whole[:length] for length in range(0, len(whole), len(whole) // 40)]
    for _ in range(60):
        content = bytearray(whole)
        for at in rng.integers(0, len(whole), 8):
            content[at] = int(rng.integers(0, 256))
        damaged.append(bytes(content))
    refused = 0
    for content in damaged:
        try:
            tree = MatTree(HeldSource(content, in_memory=1 << 20), file)
            refused += bool(tree.problems)
            for name in tree.names():
                tree.array(name)
        except UnreadableFileError as error:
            refused += error.path == str(file)
    assert refused > 10


def test_archives_may_hold_the_file(file: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(file, "set.mat")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        content = archive.read("set.mat")
    shutil.rmtree(tmp_path / "none", ignore_errors=True)
    tree = MatTree(HeldSource(content, in_memory=10), tmp_path / "a.zip/set.mat")
    np.testing.assert_array_equal(tree.array("Images/001"), GREY)
