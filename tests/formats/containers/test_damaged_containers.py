"""Damaged files of drawing programs: clear errors, sound rest, no other exception."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest
from container_damage import damaged_bytes, damaged_json, damaged_xml, everything
from container_tools import SIZE, assert_sound, save

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.containers.one_file import OneFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_cellsets.formats.containers.base import Form

KEYS = ["labelme", "cvat", "qupath", "label-studio", "via", "imagej"]
SEEDS = range(150)
PLACE = "/place"


def outcome(form: Form, name: str, content: bytes) -> str:
    """Read everything in a file; return whether it could be read."""
    try:
        held = form.open(OneFile(name, content, PLACE), name)
    except CellsetsError as error:
        return "refused" if PLACE in str(error) else "refused, nobody knows where"
    count = 0
    for index in range(min(len(held.items), 20)):
        for size in (SIZE, None):
            found = held.read(index, size)
            count += len(found)
            for annotation in found:
                assert_sound(annotation)
    for problem in held.problems:
        assert PLACE in problem.message
    return "problems" if held.problems else "read" if count else "empty"


def outcomes(
    form: Form, name: str, content: bytes, damage: Callable[[bytes, int], bytes]
) -> set[str]:
    found = {outcome(form, name, damage(content, seed)) for seed in SEEDS}
    assert found <= {"refused", "read", "problems", "empty"}
    return found


@pytest.mark.parametrize("key", KEYS)
def test_cut_and_flipped_files_do_no_harm(key: str, tmp_path: Path) -> None:
    form = FORMS[key]
    file = save(form, everything(form.kinds), tmp_path)
    found = outcomes(form, file.name, file.read_bytes(), damaged_bytes)
    assert {"refused", "read"} <= found


@pytest.mark.parametrize("key", ["labelme", "qupath", "label-studio", "via"])
def test_odd_values_in_json_do_no_harm(key: str, tmp_path: Path) -> None:
    form = FORMS[key]
    file = save(form, everything(form.kinds), tmp_path)
    found = outcomes(form, file.name, file.read_bytes(), damaged_json)
    assert {"problems", "read"} <= found


def test_odd_values_in_xml_do_no_harm(tmp_path: Path) -> None:
    form = FORMS["cvat"]
    file = save(form, everything(form.kinds), tmp_path)
    found = outcomes(form, file.name, file.read_bytes(), damaged_xml)
    assert {"refused", "problems", "read"} <= found


def test_damaged_rois_do_no_harm(tmp_path: Path) -> None:
    form = FORMS["imagej"]
    file = save(form, everything(form.kinds), tmp_path)
    with zipfile.ZipFile(file) as archive:
        rois = [archive.read(name) for name in archive.namelist()]
    assert len(rois) == 5
    for roi in rois:
        assert "read" in outcomes(form, "a.roi", roi, damaged_bytes)


@pytest.mark.parametrize("key", KEYS)
def test_html_under_the_name_of_the_file_is_refused(key: str, tmp_path: Path) -> None:
    form = FORMS[key]
    name = save(form, everything(form.kinds), tmp_path).name
    html = b"<!DOCTYPE html><html><body>Sign in</body></html>"
    assert not form.sniff(name, html)
    assert outcome(form, name, html) == "refused"


@pytest.mark.parametrize("key", KEYS)
def test_files_are_known_as_their_own_form_only(key: str, tmp_path: Path) -> None:
    form = FORMS[key]
    file = save(form, everything(form.kinds), tmp_path)
    head = file.read_bytes()[:65536]
    known = [
        other.key
        for other in FORMS.values()
        if not other.pictures and other.sniff(file.name, head)
    ]
    assert known == [key]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", ["", "a", "a.json", "a.xml", "a.zip", "a.roi"])
@pytest.mark.parametrize("head", [b"", b"\x00" * 99, b"PK\x03\x04", b"[" * 99, b"\xff"])
def test_sniffing_never_fails(key: str, name: str, head: bytes) -> None:
    assert FORMS[key].sniff(name, head) is False
