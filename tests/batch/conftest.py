"""A small set and a model that finds its objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from batch_models import bright_model, write_set
from napari_cellsets.catalogue import Dataset, open_dataset

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def bright(tmp_path: Path) -> Path:
    return bright_model(tmp_path / "bright.onnx")


@pytest.fixture
def four(tmp_path: Path) -> Dataset:
    """Four pictures with 3, 0, 5 and 1 objects, and their truth."""
    return open_dataset(write_set(tmp_path / "four"))
