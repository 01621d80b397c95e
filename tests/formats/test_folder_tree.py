from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

import pytest

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats import limits
from napari_cellsets.formats.files import open_tree


def make(root: Path, *names: str) -> None:
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode())


def test_files_are_listed_in_natural_order_without_junk(tmp_path: Path) -> None:
    make(
        tmp_path,
        "b/10.png",
        "b/2.png",
        "b/._2.png",
        ".DS_Store",
        "__MACOSX/b/2.png",
        "Thumbs.db",
        ".git/a.png",
    )
    assert list(open_tree(tmp_path).names()) == ["b/2.png", "b/10.png"]


def test_content_and_size_are_those_on_disk(tmp_path: Path) -> None:
    make(tmp_path, "b/1.png")
    tree = open_tree(tmp_path)
    assert tree.read("b/1.png") == b"b/1.png"
    assert tree.head("b/1.png", 2) == b"b/"
    assert tree.size("b/1.png") == 7
    assert tree.local_path("b/1.png") == tmp_path / "b" / "1.png"


def test_names_below_a_folder_are_found(tmp_path: Path) -> None:
    make(tmp_path, "a/1.png", "ab/2.png")
    assert open_tree(tmp_path).under("a") == ["a/1.png"]


def test_links_that_circle_are_followed_once(tmp_path: Path) -> None:
    make(tmp_path, "a/1.png")
    (tmp_path / "a" / "again").symlink_to(tmp_path, target_is_directory=True)
    assert list(open_tree(tmp_path).names()) == ["a/1.png"]


def test_linked_folders_elsewhere_are_read(tmp_path: Path) -> None:
    make(tmp_path, "elsewhere/1.png", "set/2.png")
    (tmp_path / "set" / "more").symlink_to(
        tmp_path / "elsewhere", target_is_directory=True
    )
    assert list(open_tree(tmp_path / "set").names()) == ["2.png", "more/1.png"]


def test_archives_in_a_folder_are_read_where_they_lie(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "red.zip", "w") as archive:
        archive.writestr("images/1.png", b"pixels")
    tree = open_tree(tmp_path)
    assert list(tree.names()) == ["red.zip", "red.zip/images/1.png"]
    assert tree.read("red.zip/images/1.png") == b"pixels"
    assert tree.head("red.zip/images/1.png", 3) == b"pix"
    assert tree.size("red.zip/images/1.png") == 6
    assert tree.local_path("red.zip/images/1.png") is None


def test_archive_beside_its_unpacked_pictures_is_left_alone(tmp_path: Path) -> None:
    make(tmp_path, "images/1.png")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("images/1.png", b"pixels")
    assert list(open_tree(tmp_path).names()) == ["images/1.png", "set.zip"]


def test_broken_archive_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 cut off")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("1.png", b"pixels")
    tree = open_tree(tmp_path)
    assert "b.zip/1.png" in tree.names()
    assert [problem.name for problem in tree.problems] == ["a.zip"]


def test_folder_without_permission_is_told_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "a/1.png", "b/2.png")
    real = os.scandir

    def guarded(path: str) -> object:
        if str(path).endswith("a"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", guarded)
    tree = open_tree(tmp_path)
    assert list(tree.names()) == ["b/2.png"]
    assert "Permission denied" in tree.problems[0].message


def test_root_without_permission_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: str) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(UnreadableFileError, match="Ask its owner"):
        open_tree(tmp_path)


def test_place_that_cannot_be_looked_at_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_dir", denied)
    with pytest.raises(UnreadableFileError, match="cannot be looked at"):
        open_tree(tmp_path / "x")


def test_whole_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "1.png", "2.png")
    monkeypatch.setattr(limits, "FOLDER_ENTRIES", 1)
    with pytest.raises(UnreadableFileError, match="more than 1 files below it"):
        open_tree(tmp_path)


def test_missing_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="no such file or folder"):
        open_tree(tmp_path / "nothing")


def test_file_that_vanished_is_told(tmp_path: Path) -> None:
    make(tmp_path, "1.png")
    tree = open_tree(tmp_path)
    (tmp_path / "1.png").unlink()
    with pytest.raises(UnreadableFileError, match="may have been moved"):
        tree.read("1.png")


def test_file_that_fails_while_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "1.png")
    tree = open_tree(tmp_path)

    def broken(*_: object) -> object:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("builtins.open", broken)
    with pytest.raises(
        UnreadableFileError, match=r"Input/output error\. Check the disk"
    ):
        tree.read("1.png")


def test_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "1.png")
    with pytest.raises(UnreadableFileError, match="no ordinary file"):
        open_tree(tmp_path).read("1.png")


unknown_letters = pytest.mark.skipif(
    sys.platform != "linux", reason="names on disk are letters there"
)


@unknown_letters
def test_names_in_unknown_letters_are_texts_and_lead_to_their_files(
    tmp_path: Path,
) -> None:
    make(tmp_path, "a.png", "m/b.png")
    os.rename(tmp_path / "a.png", os.fsencode(tmp_path) + b"/caf\xe9.png")
    os.rename(tmp_path / "m", os.fsencode(tmp_path) + b"/\xff\xfe")
    tree = open_tree(tmp_path)
    assert list(tree.names()) == ["%FF%FE/b.png", "caf%E9.png"]
    assert tree.read("caf%E9.png") == b"a.png"
    assert tree.head("%FF%FE/b.png", 3) == b"m/b"
    assert tree.size("%FF%FE/b.png") == 7
    assert tree.source("caf%E9.png").read_at(2, 3) == b"png"
    place = tree.local_path("%FF%FE/b.png")
    assert place is not None
    assert place.read_bytes() == b"m/b.png"
    assert tree.problems == []


@unknown_letters
def test_of_two_files_that_would_be_called_alike_one_is_left_out_and_told(
    tmp_path: Path,
) -> None:
    make(tmp_path, "caf%E9.png", "m%E9/b.png", "old", "m/b.png")
    os.rename(tmp_path / "old", os.fsencode(tmp_path) + b"/caf\xe9.png")
    os.rename(tmp_path / "m", os.fsencode(tmp_path) + b"/m\xe9")
    tree = open_tree(tmp_path)
    assert list(tree.names()) == ["caf%E9.png", "m%E9/b.png"]
    assert tree.read("caf%E9.png") == b"caf%E9.png"
    assert tree.read("m%E9/b.png") == b"m%E9/b.png"
    assert sorted(problem.name for problem in tree.problems) == ["caf%E9.png", "m%E9"]
    assert all("left out" in problem.message for problem in tree.problems)
