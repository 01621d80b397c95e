"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says more of the machine than of the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# Sets of tests run beside each other: more threads would only wait for a core,
# and those of OpenMP do so at full speed.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# napari reads and writes the person's own settings otherwise.
os.environ["NAPARI_CONFIG"] = ""

PROJECT_ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_root() -> Path:
    """Folder with real samples, outside the project; skips where it is absent."""
    root = Path(os.environ.get("CELLSETS_SHARED", PROJECT_ROOT.parent / "shared"))
    if not (root / "samples").is_dir():
        pytest.skip("real samples are not on this machine (set CELLSETS_SHARED)")
    return root


@pytest.fixture(scope="session")
def real_samples(shared_root: Path) -> Path:
    """Folder of real files in their published layout."""
    return shared_root / "samples"


@pytest.fixture(autouse=True)
def own_user_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test away from the person's own project store and cache."""
    monkeypatch.setenv("CELLSETS_DATA_HOME", str(tmp_path / "data-home"))
    monkeypatch.setenv("CELLSETS_CACHE_HOME", str(tmp_path / "cache-home"))
