"""A fixture for tests with layers: garbage is looked for among what is new only."""

from __future__ import annotations

import gc

import pytest


@pytest.fixture(autouse=True, scope="module")
def collections_pass_over_what_stays() -> None:
    """Keep imported libraries and what other files left out of collections.

    napari collects garbage whenever a layer goes, which took two thirds of the time
    of the tests with a window. What a file's own tests leave is still collected.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
