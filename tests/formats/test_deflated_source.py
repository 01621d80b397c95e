"""Large members of zip archives: read anywhere without inflating all of them."""

from __future__ import annotations

import zipfile
import zlib

import numpy as np
import pytest

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats import gzip_source, limits
from napari_cellsets.formats.files import open_tree
from napari_cellsets.formats.gzip_source import DeflatedSource
from napari_cellsets.formats.sources import HeldSource


@pytest.fixture
def content():
    random = np.random.default_rng(1)
    return random.integers(0, 40, 3_000_000).astype(np.uint8).tobytes()


def deflated(content):
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


@pytest.fixture(autouse=True)
def states_close_together(monkeypatch):
    monkeypatch.setattr(gzip_source, "_APART", 1 << 19)


def test_any_stretch_reads_as_it_was_packed(content):
    held = HeldSource(deflated(content), in_memory=1 << 30)
    source = DeflatedSource(held, "a.raw", len(content))
    places = [0, 2_999_990, 17, 1_500_000, 1_499_000, 2_000_001, 0]
    for at in places:
        assert source.read_at(at, 1000) == content[at : at + 1000]
    assert source.read_at(3_000_000, 5) == b""


def test_no_more_than_was_declared_is_given(content):
    held = HeldSource(deflated(content), in_memory=1 << 30)
    source = DeflatedSource(held, "a.raw", 100)
    assert source.read_at(90, 1000) == content[90:100]


def test_a_member_that_is_cut_off_says_so(content):
    held = HeldSource(deflated(content)[:-1000], in_memory=1 << 30)
    source = DeflatedSource(held, "a.raw", len(content))
    with pytest.raises(UnreadableFileError, match="member of the archive is damaged"):
        source.read_at(2_900_000, 100_000)


def test_large_members_of_archives_are_read_so(content, tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "NESTED_IN_MEMORY_BYTES", 1000)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("in/a.raw", content)
        archive.writestr("b.raw", content[:500])
    tree = open_tree(tmp_path / "a.zip")
    large, small = tree.source("in/a.raw"), tree.source("b.raw")
    assert (type(large), type(small)) == (DeflatedSource, HeldSource)
    assert large.size == len(content)
    assert large.read_at(2_000_000, 99) == content[2_000_000:2_000_099]
    assert small.read_at(0, 999) == content[:500]
