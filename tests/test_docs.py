"""What the documentation shows, runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from napari_cellsets.batch.simulated_channel import write_simulated_recordings
from napari_cellsets.core.events import Geometry

PROJECT_ROOT = Path(__file__).resolve().parents[1]

if TYPE_CHECKING:
    from collections.abc import Iterator


def python_blocks(page: str) -> Iterator[str]:
    """Yield the Python examples of a page in order."""
    text = (PROJECT_ROOT / page).read_text(encoding="utf-8")
    yield from re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


@pytest.fixture(scope="module")
def simulated_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder that holds a small set and a recording named as in the examples."""
    folder = tmp_path_factory.mktemp("docs")
    subprocess.run(
        [sys.executable, "-m", "napari_cellsets.cli", "simulate", "fluocells", "--n=2"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    write_simulated_recordings(folder, 1, seconds=0.1, geometry=Geometry(160, 120))
    (recording,) = folder.glob("*.raw")
    recording.rename(folder / "cells.raw")
    return folder


@pytest.mark.parametrize(
    "page", ["docs/library.md", "docs/events.md", "docs/storage.md"]
)
def test_examples_of_the_page_run(page: str, simulated_set: Path) -> None:
    script = simulated_set / "examples.py"
    script.write_text("\n".join(python_blocks(page)), encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-W", "error", script.name],
        cwd=simulated_set,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr


def test_readme_shows_the_two_commands_and_a_picture() -> None:
    readme = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
    first_screen = readme[:1500]
    assert "make demo" in first_screen
    assert "make test" in first_screen
    picture = re.search(r"!\[.*?\]\((.*?)\)", first_screen)
    assert picture is not None
    assert (PROJECT_ROOT / picture[1]).is_file()


def test_every_manual_page_is_in_the_menu() -> None:
    menu = (PROJECT_ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = {
        path.relative_to(PROJECT_ROOT / "docs").as_posix()
        for path in (PROJECT_ROOT / "docs").rglob("*.md")
    }
    assert sorted(page for page in pages if page not in menu) == []
