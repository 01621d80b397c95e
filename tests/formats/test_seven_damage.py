"""7z archives that are damaged or hostile: told, wherever the fault lies."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_cellsets.core.errors import UnreadableFileError, UnsafeArchiveError
from napari_cellsets.formats.files import open_tree

if TYPE_CHECKING:
    from pathlib import Path

py7zr = pytest.importorskip("py7zr")


def _fill(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("images/a.png", "images/b.png", "masks/a.png"):
        file = folder / "set" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(rng.bytes(90))


def _seven(folder: Path, **options: object) -> bytes:
    _fill(folder)
    with py7zr.SevenZipFile(folder / "a.7z", "w", **options) as target:
        target.writeall(folder / "set", "set")
    return (folder / "a.7z").read_bytes()


def _resealed(data: bytes) -> bytes:
    """A 7z whose own checksums fit again, so that damage of its directory is read."""
    start, size = struct.unpack_from("<QQ", data, 12)
    directory = data[32 + start : 32 + start + size]
    head = struct.pack("<QQI", start, size, zlib.crc32(directory))
    return data[:8] + struct.pack("<I", zlib.crc32(head)) + head + data[32:]


def _read_all(archive: Path) -> list[str]:
    """What is said of an archive and its members; no other error comes."""
    try:
        tree = open_tree(archive)
    except (UnreadableFileError, UnsafeArchiveError) as error:
        return [str(error)]
    said = []
    for name in tree.names():
        try:
            tree.read(name)
        except (UnreadableFileError, UnsafeArchiveError) as error:
            said.append(str(error))
    return said + [problem.message for problem in tree.problems]


PACKINGS = {
    "LZMA2": None,
    "LZMA": [{"id": py7zr.FILTER_LZMA}],
    "copy": [{"id": py7zr.FILTER_COPY}],
    "deflate": [{"id": py7zr.FILTER_DEFLATE}],
    "BCJ": [{"id": py7zr.FILTER_X86}, {"id": py7zr.FILTER_LZMA2, "preset": 1}],
}


@pytest.fixture(scope="module")
def sevens(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A whole archive of each packing."""
    return {
        name: _seven(tmp_path_factory.mktemp("seven"), filters=filters)
        for name, filters in PACKINGS.items()
    }


@pytest.mark.parametrize("packing", PACKINGS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_damaged_7z_is_told_wherever_it_is_damaged(
    packing: str,
    data: st.DataObject,
    sevens: dict[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    whole = sevens[packing]
    archive = tmp_path_factory.mktemp("broken") / "broken.7z"
    kind = data.draw(st.sampled_from(["cut", "flipped", "directory"]))
    if kind == "cut":
        broken = whole[: data.draw(st.integers(0, len(whole) - 1))]
    else:
        changed = bytearray(whole)
        start = (
            32 + struct.unpack_from("<Q", whole, 12)[0] if kind == "directory" else 0
        )
        for at in data.draw(st.lists(st.integers(start, len(whole) - 1), min_size=1)):
            changed[at] ^= data.draw(st.integers(1, 255))
        broken = _resealed(bytes(changed)) if kind == "directory" else bytes(changed)
    archive.write_bytes(broken)
    said = _read_all(archive)
    if kind == "cut":
        assert said
    assert all(str(archive) in text for text in said)
    assert not any("CrcError" in text or "((" in text for text in said)


def test_a_7z_packed_with_ppmd_is_refused_with_what_to_do(tmp_path: Path) -> None:
    ppmd = [{"id": py7zr.FILTER_PPMD, "order": 6, "mem": 24}]
    _seven(tmp_path, filters=ppmd)
    with pytest.raises(UnsafeArchiveError, match=r"packed with PPMd.*Unpack it with"):
        open_tree(tmp_path / "a.7z")


def test_a_7z_whose_directory_is_packed_with_ppmd_is_refused(tmp_path: Path) -> None:
    data = _seven(tmp_path)
    start, size = struct.unpack_from("<QQ", data, 12)
    directory = data[32 + start : 32 + start + size]
    assert b"\x21\x21\x01" in directory  # one coder, LZMA2, one byte of properties
    ppmd = directory.replace(b"\x21\x21\x01\x18", b"\x23\x03\x04\x01\x05\6\0\0\0\1")
    head = struct.pack("<QQI", start, len(ppmd), 0)
    (tmp_path / "b.7z").write_bytes(
        _resealed(data[:12] + head + data[32 : 32 + start] + ppmd)
    )
    with pytest.raises(UnsafeArchiveError, match="packed with PPMd"):
        open_tree(tmp_path / "b.7z")


def test_a_member_of_a_7z_that_climbs_out_is_left_out(tmp_path: Path) -> None:
    _fill(tmp_path)
    with py7zr.SevenZipFile(tmp_path / "a.7z", "w") as target:
        target.set_encoded_header_mode(False)
        target.writeall(tmp_path / "set", "set")
    data = (tmp_path / "a.7z").read_bytes()
    plain, climbing = (
        n.encode("utf-16-le") for n in ("set/images/a.png", "../../imag/a.png")
    )
    assert plain in data
    changed = data.replace(plain, climbing)
    (tmp_path / "a.7z").write_bytes(_resealed(changed))
    tree = open_tree(tmp_path / "a.7z")
    assert not any(".." in one for one in tree.names())
    assert any("climbs out" in one.message for one in tree.problems)
    assert tree.read("set/images/b.png")


def test_a_link_in_a_7z_is_not_followed(tmp_path: Path) -> None:
    _fill(tmp_path)
    (tmp_path / "set" / "link.png").symlink_to("/etc/hostname")
    with py7zr.SevenZipFile(tmp_path / "a.7z", "w") as target:
        target.writeall(tmp_path / "set", "set")
    tree = open_tree(tmp_path / "a.7z")
    assert "set/link.png" not in tree.names()
    assert any("a link, which is not followed" in p.message for p in tree.problems)
    assert tree.read("set/images/a.png")
