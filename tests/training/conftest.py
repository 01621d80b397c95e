"""Little pictures to train on, drawn once."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellsets.simulate import simulate_neurons


@pytest.fixture(scope="session")
def simulated(tmp_path_factory):
    """Return a folder as ``prepare`` writes it: four small crowded yellow fields."""
    folder = tmp_path_factory.mktemp("simulated")
    for index in range(4):
        field = simulate_neurons(index, (160, 192), 8, crowding=0.25)
        np.save(folder / f"{index:05d}.labels.npy", field.labels.astype(np.uint16))
        np.save(folder / f"{index:05d}.image.npy", field.image)
    return folder
