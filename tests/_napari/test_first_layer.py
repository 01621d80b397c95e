"""What napari needs for its first layer is there before somebody waits for it."""

from __future__ import annotations

import subprocess
import sys

_CODE = """
import sys
from pint import get_application_registry
from napari_cellsets._napari.first_layer import prepare_first_layer

def loaded():
    units = type(get_application_registry().get()).__name__
    return units, "scipy.ndimage" in sys.modules

print(*loaded())
prepare_first_layer()
print(*loaded())
"""


def test_units_and_scipy_are_read_beforehand() -> None:
    run = subprocess.run(
        [sys.executable, "-c", _CODE], capture_output=True, text=True, check=True
    )
    before, after = run.stdout.splitlines()
    assert before == "LazyRegistry False"
    assert after == "UnitRegistry True"
