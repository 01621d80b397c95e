from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets._napari.writer import write_png, write_tiff
from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.labels_io import read_label_image
from small_sets import labels_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("write", "name"), [(write_png, "cells.png"), (write_tiff, "cells.tif")]
)
def test_written_labels_are_read_back(write, name: str, tmp_path: Path) -> None:
    path = str(tmp_path / name)
    labels = labels_of(0) * 300
    assert write(path, labels, {}) == [path]
    np.testing.assert_array_equal(read_label_image(path), labels)


def test_png_refuses_labels_beyond_16_bits(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="TIFF"):
        write_png(str(tmp_path / "cells.png"), labels_of(0) * 70_000, {})
    assert not list(tmp_path.glob("*.png"))
