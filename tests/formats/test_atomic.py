from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.atomic import atomic_folder, atomic_output

if TYPE_CHECKING:
    from pathlib import Path


def test_finished_file_appears_under_its_name(tmp_path: Path) -> None:
    with atomic_output(tmp_path / "new" / "counts.csv") as aside:
        aside.write_text("image,count\n")
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["counts.csv"]


def test_failure_leaves_the_older_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "counts.csv"
    target.write_text("old")

    def fail() -> None:
        with atomic_output(target) as aside:
            aside.write_text("half")
            raise ValueError("stopped")

    with pytest.raises(ValueError, match="stopped"):
        fail()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_full_disk_is_said_in_one_sentence(tmp_path: Path) -> None:
    def fill() -> None:
        with atomic_output(tmp_path / "counts.csv"):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(ExportError, match=r"counts\.csv: could not be written: No sp"):
        fill()
    assert list(tmp_path.iterdir()) == []


def test_a_finished_folder_appears_under_its_name(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "new" / "stack.zarr") as aside:
        (aside / "0").write_text("planes")
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["stack.zarr"]
    assert (tmp_path / "new" / "stack.zarr" / "0").read_text() == "planes"


def test_an_unfinished_folder_vanishes(tmp_path: Path) -> None:
    def fail() -> None:
        with atomic_folder(tmp_path / "stack.zarr") as aside:
            (aside / "0").write_text("half")
            raise ValueError("stopped")

    with pytest.raises(ValueError, match="stopped"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "stack.zarr").mkdir()
    with (
        pytest.raises(ExportError, match="something of that name already"),
        atomic_folder(tmp_path / "stack.zarr"),
    ):
        pass


def test_a_folder_that_cannot_be_written_is_an_export_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ExportError, match="could not be written"),
        atomic_folder(tmp_path / "file" / "stack.zarr"),
    ):
        pass
