"""The first look at a place: nothing that passes makes a set look foreign."""

from __future__ import annotations

import errno
import os
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from napari_cellsets.catalogue import can_open, is_worth_opening, open_dataset, probe
from napari_cellsets.core.errors import CellsetsError
from small_sets import NAMES, write_set

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PNG = b"\x89PNG\r\n\x1a\n"
EVERY = (PermissionError(errno.EACCES, "denied"), OSError(errno.EMFILE, "too many"))
KINDS = pytest.mark.parametrize("error", EVERY, ids=["denied", "too many open files"])


def fails_at(
    monkeypatch: pytest.MonkeyPatch, name: str, error: OSError, times: int = 10_000
) -> None:
    """Let `os.scandir` fail in folders of one name, so many times."""
    real: Callable[..., Any] = os.scandir
    left = [times]

    def guarded(path: str = ".") -> Any:
        if os.path.basename(os.fspath(path)) == name and left[0]:
            left[0] -= 1
            raise error
        return real(path)

    monkeypatch.setattr(os, "scandir", guarded)


def test_set_of_hundreds_of_folders_is_ours(tmp_path: Path) -> None:
    for number in range(670):
        (tmp_path / "set" / f"{number:064x}" / "images").mkdir(parents=True)
    for number in range(670):
        folder = tmp_path / "set" / f"{number:064x}" / "images"
        (folder / f"{number}.png").write_bytes(PNG)
    assert can_open(tmp_path)
    assert can_open(tmp_path / "set")


def test_pictures_below_hundreds_of_empty_folders_are_found(tmp_path: Path) -> None:
    for number in range(400):
        (tmp_path / f"{number}").mkdir()
    assert is_worth_opening(tmp_path)
    assert not can_open(tmp_path)
    (tmp_path / "217" / "a.png").write_bytes(PNG)
    assert can_open(tmp_path)


@pytest.mark.parametrize("packed", [False, True])
def test_pictures_behind_hundreds_of_texts_are_found(
    tmp_path: Path, packed: bool
) -> None:
    files = [f"labels/{number}.txt" for number in range(800)] + ["pictures/a.png"]
    place = tmp_path / "set.zip"
    if packed:
        with zipfile.ZipFile(place, "w") as archive:
            for name in files:
                archive.writestr(name, PNG)
    for name in () if packed else files:
        file = place.with_suffix("") / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(PNG)
    assert can_open(place if packed else place.with_suffix(""))


def test_texts_beside_each_other_hide_no_pictures_in_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "_MOST_IN_FOLDER", 20)
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    for number in range(60):
        (tmp_path / "a" / f"{number}.txt").touch()
        (tmp_path / "c" / f"{number}.txt").touch()
    (tmp_path / "b" / "a.png").write_bytes(PNG)
    assert can_open(tmp_path)


@KINDS
@pytest.mark.parametrize("name", ["images", "masks"])
def test_folder_that_cannot_be_listed_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, name: str
) -> None:
    write_set(tmp_path / "set")
    fails_at(monkeypatch, name, error)
    assert can_open(tmp_path / "set")


@KINDS
def test_place_that_cannot_be_listed_is_told_by_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    write_set(tmp_path / "set")
    fails_at(monkeypatch, "set", error)
    assert not can_open(tmp_path / "set")
    assert is_worth_opening(tmp_path / "set")
    with pytest.raises(CellsetsError, match=rf"set: cannot be read: {error.strerror}"):
        open_dataset(tmp_path / "set")


@KINDS
def test_place_that_could_not_be_listed_once_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    write_set(tmp_path / "set")
    fails_at(monkeypatch, "set", error, times=1)
    assert is_worth_opening(tmp_path / "set")
    assert [sample.name for sample in open_dataset(tmp_path / "set").samples] == [
        *NAMES
    ]


def test_lack_of_open_files_is_no_fault_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "set").mkdir()
    fails_at(monkeypatch, "set", OSError(errno.EMFILE, "Too many open files"))
    with pytest.raises(CellsetsError, match=r"Too many open files\. Close other prog"):
        open_dataset(tmp_path / "set")


def test_folder_that_vanishes_meanwhile_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_set(tmp_path / "set")
    for gone in ("images", "masks"):
        with monkeypatch.context() as patched:
            fails_at(patched, gone, FileNotFoundError(errno.ENOENT, "gone"))
            assert can_open(tmp_path / "set")


def test_link_in_a_circle_hides_no_picture(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "a")
    assert is_worth_opening(tmp_path)
    (tmp_path / "up").symlink_to(tmp_path)
    (tmp_path / "z").mkdir()
    (tmp_path / "z" / "a.png").write_bytes(PNG)
    assert can_open(tmp_path)


@pytest.mark.parametrize("name", ["run.raw", "cut.zip", "page.7z", "cut.h5"])
def test_broken_file_hides_no_picture_beside_it(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"<html>not found")
    (tmp_path / "z").mkdir()
    (tmp_path / "z" / "a.png").write_bytes(PNG)
    assert can_open(tmp_path)


@KINDS
def test_single_file_that_may_not_be_read_is_told_by_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise error

    for name in ("a.png", "a.zip", "a.json", "a.raw"):
        (tmp_path / name).write_bytes(PNG)
    monkeypatch.setattr("napari_cellsets.formats.sources.open", refused, raising=False)
    for name in ("a.png", "a.zip", "a.json", "a.raw"):
        assert not can_open(tmp_path / name)
        assert is_worth_opening(tmp_path / name)
        with pytest.raises(CellsetsError, match=f"cannot be read: {error.strerror}"):
            open_dataset(tmp_path / name)


def test_lack_of_memory_makes_no_set_foreign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: str) -> None:
        raise MemoryError

    write_set(tmp_path / "set")
    monkeypatch.setattr(os, "scandir", full)
    assert not can_open(tmp_path / "set")
    assert is_worth_opening(tmp_path / "set")


def test_thirteenth_text_hides_no_recording(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.csv").write_text("a,b\n1,2\n")
    (tmp_path / "z").mkdir()
    (tmp_path / "z" / "run.raw").write_bytes(b"% evt 3.0\n% geometry 64x48\n% end\n")
    assert can_open(tmp_path)
