from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.atomic import atomic_output

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
