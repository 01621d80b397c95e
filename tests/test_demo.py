"""The first thing a new user runs."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT_ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(
    not os.environ.get("DISPLAY"), reason="needs a display, real or virtual"
)


@pytest.mark.timeout(300)
def test_demo_leaves_a_picture_and_counts_that_agree_with_the_truth(
    tmp_path: Path,
) -> None:
    from PIL import Image

    run = subprocess.run(
        [sys.executable, "tools/demo.py", "--save", tmp_path],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    with (tmp_path / "counts.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    # The simulator knows the truth; a demo that counts wrongly is no demo.
    assert float(row["f1"]) > 0.8
    assert abs(int(row["count"]) - int(row["truth"])) <= 0.2 * int(row["truth"])
    with Image.open(tmp_path / "screenshot.png") as picture:
        assert picture.size == (1600, 1000)
        assert len(picture.convert("RGB").getcolors(1 << 20) or []) > 500
