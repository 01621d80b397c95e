"""Archives of tar and 7z: read in place, within limits, hostile ones refused."""

from __future__ import annotations

import gzip
import io
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from napari_cellsets.catalogue import can_open, open_dataset
from napari_cellsets.core.errors import UnreadableFileError, UnsafeArchiveError
from napari_cellsets.formats import gzip_source, limits
from napari_cellsets.formats.files import open_tree
from napari_cellsets.formats.gzip_source import GzipSource
from napari_cellsets.formats.sources import HeldSource

if TYPE_CHECKING:
    from pathlib import Path

py7zr = pytest.importorskip("py7zr")

KINDS = ("a.tar", "a.tar.gz", "a.tgz", "a.7z")


def content(tmp_path: Path) -> dict[str, bytes]:
    """A small set on disk; its files by name."""
    rng = np.random.default_rng(0)
    for name in ("images/a.png", "images/b.png", "masks/a.png", "masks/b.png"):
        file = tmp_path / "set" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 2, (9, 7), np.uint8) * 255).save(file)
    (tmp_path / "set" / "images" / "empty.txt").touch()
    root = tmp_path / "set"
    files = (file for file in root.rglob("*") if file.is_file())
    return {file.relative_to(root).as_posix(): file.read_bytes() for file in files}


def packed(tmp_path: Path, name: str) -> Path:
    archive = tmp_path / name
    if name.endswith(".7z"):
        with py7zr.SevenZipFile(archive, "w") as target:
            target.writeall(tmp_path / "set", "set")
    else:
        mode = "w" if name.endswith(".tar") else "w:gz"
        with tarfile.open(archive, mode) as target:
            target.add(tmp_path / "set", "set")
    return archive


def tar_with(tmp_path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(tmp_path / "a.tar", "w") as target:
        good = tarfile.TarInfo("good.png")
        good.size = 3
        target.addfile(good, io.BytesIO(b"abc"))
        for member in members:
            target.addfile(member, io.BytesIO(bytes(member.size)))
    return tmp_path / "a.tar"


@pytest.mark.parametrize("kind", KINDS)
def test_members_are_those_that_were_packed(kind: str, tmp_path: Path) -> None:
    files = content(tmp_path)
    tree = open_tree(packed(tmp_path, kind))
    assert set(tree.names()) == {f"set/{name}" for name in files}
    for name, expected in files.items():
        assert tree.read(f"set/{name}") == expected
        assert tree.head(f"set/{name}", 5) == expected[:5]
        assert tree.size(f"set/{name}") == len(expected)
        assert tree.local_path(f"set/{name}") is None
    assert tree.problems == []


@pytest.mark.parametrize("kind", KINDS)
def test_archive_is_a_data_set_and_nothing_is_unpacked_beside_it(
    kind: str, tmp_path: Path
) -> None:
    content(tmp_path)
    archive = packed(tmp_path, kind)
    before = set(tmp_path.iterdir())
    assert can_open(archive)
    dataset = open_dataset(archive)
    assert len(dataset.samples) == 2
    assert dataset.read_truth(dataset.samples[0]) is not None
    assert set(tmp_path.iterdir()) - before <= {tmp_path / "data-home"}


@pytest.mark.parametrize("kind", KINDS)
def test_archive_in_a_zip_archive_is_read(kind: str, tmp_path: Path) -> None:
    files = content(tmp_path)
    archive = packed(tmp_path, kind)
    with zipfile.ZipFile(tmp_path / "outer.zip", "w", zipfile.ZIP_DEFLATED) as outer:
        outer.write(archive, kind)
    tree = open_tree(tmp_path / "outer.zip")
    name = "images/b.png"
    assert tree.read(f"{kind}/set/{name}") == files[name]


@pytest.mark.parametrize("kind", KINDS)
def test_missing_member_is_named(kind: str, tmp_path: Path) -> None:
    content(tmp_path)
    tree = open_tree(packed(tmp_path, kind))
    with pytest.raises(UnreadableFileError, match="no member 'none'"):
        tree.read("none")


@pytest.mark.parametrize("kind", KINDS)
def test_file_of_another_kind_is_no_archive(kind: str, tmp_path: Path) -> None:
    (tmp_path / kind).write_bytes(b"<!doctype html><html>not found" * 40)
    with pytest.raises(UnreadableFileError, match=r"no complete|damaged"):
        open_tree(tmp_path / kind)
    assert not can_open(tmp_path / kind)


@pytest.mark.parametrize("name", ["../out.png", "/out.png", "a/../../out.png"])
def test_member_that_climbs_out_is_refused(name: str, tmp_path: Path) -> None:
    tree = open_tree(tar_with(tmp_path, tarfile.TarInfo(name)))
    assert list(tree.names()) == ["good.png"]
    assert "climbs out" in tree.problems[0].message
    with pytest.raises(UnsafeArchiveError, match="climbs out"):
        tree.read(name)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_link_is_not_followed(kind: bytes, tmp_path: Path) -> None:
    link = tarfile.TarInfo("link.png")
    link.type, link.linkname = kind, "/etc/passwd"
    tree = open_tree(tar_with(tmp_path, link))
    assert "link, which is not followed" in tree.problems[0].message
    with pytest.raises(UnsafeArchiveError, match="not followed"):
        tree.read("link.png")


def test_device_is_no_ordinary_file(tmp_path: Path) -> None:
    device = tarfile.TarInfo("device.png")
    device.type = tarfile.CHRTYPE
    tree = open_tree(tar_with(tmp_path, device))
    assert "no ordinary file" in tree.problems[0].message


def test_tar_that_is_cut_off_keeps_the_members_before_the_cut(tmp_path: Path) -> None:
    files = content(tmp_path)
    whole = packed(tmp_path, "a.tar").read_bytes()
    last = max(whole.find(data) for data in files.values() if data)
    (tmp_path / "cut.tar").write_bytes(whole[: last + 10])
    tree = open_tree(tmp_path / "cut.tar")
    *whole_ones, cut = sorted(tree.names(), key=lambda name: tree._members[name])
    assert all(tree.read(name) == files[name[4:]] for name in whole_ones)
    with pytest.raises(UnreadableFileError, match="cut off"):
        tree.read(cut)


def test_member_that_claims_more_than_believable_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MEMBER_BYTES", 100)
    large = tarfile.TarInfo("large.png")
    large.size = 5000
    tree = open_tree(tar_with(tmp_path, large))
    with pytest.raises(UnsafeArchiveError, match="claims 5,000 bytes"):
        tree.read("large.png")


def test_archive_of_too_many_members_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content(tmp_path)
    monkeypatch.setattr(limits, "ARCHIVE_ENTRIES", 2)
    for kind in ("a.tar", "a.7z"):
        with pytest.raises(UnsafeArchiveError, match=r"claims .* members"):
            open_tree(packed(tmp_path, kind))


def test_bomb_of_gzip_is_refused_while_it_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MEMBER_RATIO_FROM_BYTES", 100_000)
    monkeypatch.setattr(limits, "MEMBER_RATIO", 20)
    bomb = tarfile.TarInfo("bomb.png")
    bomb.size = 5_000_000
    plain = tar_with(tmp_path, bomb).read_bytes()
    (tmp_path / "bomb.tar.gz").write_bytes(gzip.compress(plain))
    with pytest.raises(UnsafeArchiveError, match="inflates from"):
        open_tree(tmp_path / "bomb.tar.gz")


def test_bomb_of_7z_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.png").write_bytes(bytes(3_000_000))
    archive = packed(tmp_path, "a.7z")
    monkeypatch.setattr(limits, "MEMBER_RATIO", 2)
    with pytest.raises(UnsafeArchiveError, match="3,000,000 bytes in all"):
        open_tree(archive)


def test_encrypted_7z_is_told(tmp_path: Path) -> None:
    content(tmp_path)
    for number, hide in enumerate((False, True)):
        archive = tmp_path / f"{number}.7z"
        with py7zr.SevenZipFile(
            archive, "w", password="x", header_encryption=hide
        ) as target:
            target.writeall(tmp_path / "set", "set")
        with pytest.raises(UnsafeArchiveError, match="encrypted"):
            open_tree(archive)


def test_damaged_7z_lists_and_tells_which_member_is_lost(tmp_path: Path) -> None:
    content(tmp_path)
    archive = packed(tmp_path, "a.7z")
    data = bytearray(archive.read_bytes())
    data[40:60] = bytes(20)
    archive.write_bytes(data)
    tree = open_tree(archive)
    with pytest.raises(UnreadableFileError, match="damaged or missing"):
        tree.read("set/masks/b.png")
    assert "damaged" in tree.problems[0].message


def test_without_py7zr_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content(tmp_path)
    archive = packed(tmp_path, "a.7z")
    monkeypatch.setitem(sys.modules, "py7zr.exceptions", None)
    with pytest.raises(UnreadableFileError, match=r"needs the package py7zr.*pip"):
        open_tree(archive)


def test_7z_without_room_for_temporary_files_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content(tmp_path)
    tree = open_tree(packed(tmp_path, "a.7z"))
    monkeypatch.setattr("shutil.disk_usage", lambda place: type("D", (), {"free": 0}))
    with pytest.raises(UnreadableFileError, match="bytes of room for temporary"):
        tree.read("set/images/a.png")


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_bytes_of_a_gzip_file_at_any_offset(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 9)))
    size = data.draw(st.integers(0, 60_000))
    plain = rng.integers(0, 4, size, np.uint8).tobytes()
    cut = data.draw(st.integers(0, size))
    packed_ = gzip.compress(plain[:cut]) + gzip.compress(plain[cut:])
    from pathlib import Path

    source = GzipSource(HeldSource(packed_, in_memory=1 << 20), Path("a.tar.gz"))
    source._apart = 4096
    for _ in range(6):
        offset = data.draw(st.integers(0, size + 50))
        length = data.draw(st.integers(0, size + 50))
        assert source.read_at(offset, length) == plain[offset : offset + length]


def test_gzip_that_is_cut_off_is_told(tmp_path: Path) -> None:
    content(tmp_path)
    data = packed(tmp_path, "a.tgz").read_bytes()
    (tmp_path / "cut.tgz").write_bytes(data[:30])
    with pytest.raises(UnreadableFileError, match="no complete tar archive"):
        open_tree(tmp_path / "cut.tgz")


def test_states_of_a_long_gzip_file_are_thinned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from pathlib import Path

    monkeypatch.setattr(gzip_source, "_MOST_STATES", 4)
    plain = np.random.default_rng(0).integers(0, 256, 900_000, np.uint8).tobytes()
    held = HeldSource(gzip.compress(plain, 1), in_memory=1 << 24)
    source = GzipSource(held, Path("a.gz"))
    source._apart = 10_000
    assert source.read_at(899_990, 50) == plain[899_990:]
    assert source.read_at(5, 5) == plain[5:10]
    assert len(source._states) <= 5


def test_members_of_a_tar_in_unknown_letters_are_called_in_text(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.GNU_FORMAT) as archive:
        member = tarfile.TarInfo("caf\udce9.png")
        member.size = 3
        archive.addfile(member, io.BytesIO(b"abc"))
    tree = open_tree(tmp_path / "a.tar")
    assert list(tree.names()) == ["caf%E9.png"]
    assert tree.read("caf%E9.png") == b"abc"
