from __future__ import annotations

import io
import struct
import threading
import zipfile
from typing import TYPE_CHECKING

import pytest

from napari_cellsets.core.errors import UnreadableFileError, UnsafeArchiveError
from napari_cellsets.formats import limits
from napari_cellsets.formats.files import open_tree

if TYPE_CHECKING:
    from pathlib import Path

METHODS = [
    zipfile.ZIP_STORED,
    zipfile.ZIP_DEFLATED,
    zipfile.ZIP_BZIP2,
    zipfile.ZIP_LZMA,
]
CONTENT = b"neurons and more neurons " * 3000


def packed(method: int = zipfile.ZIP_DEFLATED, **members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def archive_of(path: Path, members: dict[str, bytes], method: int = 8) -> Path:
    path.write_bytes(packed(method, **members))
    return path


@pytest.mark.parametrize("method", METHODS)
def test_member_is_read_in_place_with_every_packing(
    method: int, tmp_path: Path
) -> None:
    tree = open_tree(archive_of(tmp_path / "a.zip", {"1.png": CONTENT}, method))
    assert tree.read("1.png") == CONTENT
    assert tree.head("1.png", 10) == CONTENT[:10]
    assert tree.size("1.png") == len(CONTENT)
    assert tree.local_path("1.png") is None


def test_junk_and_folders_are_not_listed(tmp_path: Path) -> None:
    names = ["b/10.png", "b/2.png", "__MACOSX/b/._2.png", "b/.DS_Store", "b/"]
    tree = open_tree(archive_of(tmp_path / "a.zip", dict.fromkeys(names, b"")))
    assert list(tree.names()) == ["b/2.png", "b/10.png"]


def test_backslashes_of_other_systems_are_slashes(tmp_path: Path) -> None:
    tree = open_tree(archive_of(tmp_path / "a.zip", {"images\\1.png": b"x"}))
    assert list(tree.names()) == ["images/1.png"]


@pytest.mark.parametrize("outer", METHODS[:2])
def test_archive_in_an_archive_is_read_in_place(outer: int, tmp_path: Path) -> None:
    inner = packed(**{"images/1.png": CONTENT})
    tree = open_tree(archive_of(tmp_path / "a.zip", {"in.zip": inner}, outer))
    assert tree.read("in.zip/images/1.png") == CONTENT
    assert tree.head("in.zip/images/1.png", 4) == CONTENT[:4]
    assert tree.size("in.zip/images/1.png") == len(CONTENT)
    assert list(tmp_path.iterdir()) == [tmp_path / "a.zip"]


def test_large_inner_archive_waits_outside_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "NESTED_IN_MEMORY_BYTES", 10)
    inner = packed(**{"1.png": CONTENT})
    tree = open_tree(archive_of(tmp_path / "a.zip", {"in.zip": inner}))
    assert tree.read("in.zip/1.png") == CONTENT


def test_archives_nested_too_deep_are_told(tmp_path: Path) -> None:
    content = packed(**{"1.png": b"x"})
    for depth in range(limits.ARCHIVE_DEPTH):
        content = packed(**{f"in{depth}.zip": content})
    (tmp_path / "a.zip").write_bytes(content)
    tree = open_tree(tmp_path / "a.zip")
    assert not any(name.endswith(".png") for name in tree.names())
    assert "3 deep" in tree.problems[0].message


@pytest.mark.parametrize(
    "name", ["../1.png", "a/../../1.png", "/1.png", "C:/1.png", "..\\1.png"]
)
def test_name_that_climbs_out_is_refused_and_the_rest_is_read(
    name: str, tmp_path: Path
) -> None:
    tree = open_tree(archive_of(tmp_path / "a.zip", {name: b"x", "2.png": b"y"}))
    assert list(tree.names()) == ["2.png"]
    assert "climbs out" in tree.problems[0].message
    with pytest.raises(UnsafeArchiveError, match="climbs out of the archive"):
        tree.read(name.replace("\\", "/"))


def test_encrypted_member_is_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    content = bytearray(packed(**{"1.png": b"x", "2.png": b"y"}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    tree = open_tree(tmp_path / "a.zip")
    assert list(tree.names()) == ["2.png"]
    with pytest.raises(UnsafeArchiveError, match="encrypted"):
        tree.read("1.png")


def test_member_that_claims_to_inflate_beyond_reason_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MEMBER_RATIO_FROM_BYTES", 1 << 20)
    members = {"1.png": bytes(4 << 20), "2.png": b"y"}
    tree = open_tree(archive_of(tmp_path / "a.zip", members))
    assert list(tree.names()) == ["2.png"]
    with pytest.raises(UnsafeArchiveError, match="claims to inflate"):
        tree.read("1.png")


def test_member_that_claims_too_many_bytes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MEMBER_BYTES", 100)
    tree = open_tree(archive_of(tmp_path / "a.zip", {"1.png": CONTENT}))
    with pytest.raises(UnsafeArchiveError, match=r"claims 75,000 bytes"):
        tree.read("1.png")


@pytest.mark.parametrize("limit", ["ARCHIVE_ENTRIES", "ARCHIVE_TOTAL_BYTES"])
def test_archive_that_claims_too_much_is_refused(
    limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, limit, 1)
    members = {"1.png": b"xx", "2.png": b"yy"}
    with pytest.raises(UnsafeArchiveError, match="the archive claims 2 members"):
        open_tree(archive_of(tmp_path / "a.zip", members))


def test_member_never_inflates_beyond_its_claim(tmp_path: Path) -> None:
    content = bytearray(packed(**{"1.png": CONTENT}))
    entry = content.index(b"PK\x01\x02")
    struct.pack_into("<L", content, entry + 24, 100)
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(UnreadableFileError, match="check sum is wrong"):
        open_tree(tmp_path / "a.zip").read("1.png")


def test_broken_member_does_not_take_the_rest_down(tmp_path: Path) -> None:
    content = bytearray(packed(0, **{"1.png": CONTENT, "2.png": b"whole"}))
    content[content.index(CONTENT) + 500] ^= 1
    (tmp_path / "a.zip").write_bytes(content)
    tree = open_tree(tmp_path / "a.zip")
    assert tree.read("2.png") == b"whole"
    with pytest.raises(UnreadableFileError, match="check sum is wrong"):
        tree.read("1.png")


def test_member_with_a_lost_header_is_told(tmp_path: Path) -> None:
    content = bytearray(packed(**{"1.png": CONTENT}))
    content[0:4] = b"XXXX"
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(UnreadableFileError, match="header is missing"):
        open_tree(tmp_path / "a.zip").read("1.png")


def test_member_with_damaged_packing_is_told(tmp_path: Path) -> None:
    content = bytearray(packed(**{"1.png": CONTENT}))
    content[35:45] = b"\xff" * 10
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(UnreadableFileError, match="member of the archive is broken"):
        open_tree(tmp_path / "a.zip").read("1.png")


def test_member_with_too_few_bytes_is_told(tmp_path: Path) -> None:
    content = bytearray(packed(0, **{"1.png": b"x" * 10}))
    entry = content.index(b"PK\x01\x02")
    struct.pack_into("<LL", content, entry + 20, 10, 5000)
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(UnreadableFileError, match=r"10 of 5,000 bytes are there"):
        open_tree(tmp_path / "a.zip").read("1.png")


def test_unknown_packing_is_named(tmp_path: Path) -> None:
    content = bytearray(packed(**{"1.png": CONTENT}))
    struct.pack_into("<H", content, content.index(b"PK\x01\x02") + 10, 9)
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(UnreadableFileError, match="Deflate64"):
        open_tree(tmp_path / "a.zip").read("1.png")


def test_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"hello")
    with pytest.raises(UnreadableFileError, match="no complete zip archive"):
        open_tree(tmp_path / "a.zip")


def test_unknown_member_is_told(tmp_path: Path) -> None:
    tree = open_tree(archive_of(tmp_path / "a.zip", {"1.png": b"x"}))
    with pytest.raises(UnreadableFileError, match=r"no member '2\.png'"):
        tree.read("2.png")


def test_archive_moved_away_is_told(tmp_path: Path) -> None:
    tree = open_tree(archive_of(tmp_path / "a.zip", {"1.png": b"x"}))
    (tmp_path / "a.zip").unlink()
    with pytest.raises(UnreadableFileError, match="may have been moved"):
        tree.read("1.png")


def test_many_threads_read_the_same_archive(tmp_path: Path) -> None:
    members = {f"{i}.png": bytes([i]) * 50_000 for i in range(40)}
    inner = packed(**members)
    tree = open_tree(archive_of(tmp_path / "a.zip", {"in.zip": inner}))
    wrong: list[str] = []

    def read_all() -> None:
        for name, content in members.items():
            if tree.read(f"in.zip/{name}") != content:
                wrong.append(name)

    threads = [threading.Thread(target=read_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
