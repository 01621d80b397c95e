"""What the commands say of a set of single cells."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from napari_cellsets.cli import main
from small_cells import write_cells

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_info_counts_cells_of_each_class_against_the_published_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["info", str(write_cells(tmp_path / "set"))]) == 0
    said = capsys.readouterr().out
    assert "7 of 17,092 images" in said
    assert "7 samples, 7 with a class" in said
    assert "  ig 2 of 2,895\n" in said


def test_info_as_json_counts_cells_of_each_class(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["info", str(write_cells(tmp_path / "set")), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["dataset"] == "pbc_acevedo"
    assert said["annotated"] == 7
    assert said["classes"]["neutrophil"] == 2
    assert said["classes"]["platelet"] == 0
