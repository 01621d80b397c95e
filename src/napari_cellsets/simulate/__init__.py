"""Simulated cells with exact truth, from numpy, scipy and OpenCV alone.

``neurons`` draws fluorescence fields of neurons, ``smear`` single blood cells,
``channel`` the events of cells that flow past an event camera. The demo, the tests,
the benchmarks and ``training`` call it; it knows none of them, nor Qt, napari or torch.
"""

from __future__ import annotations

from napari_cellsets.simulate._channel_looks import CHANNEL_CELLS
from napari_cellsets.simulate.channel import (
    FlowingCell,
    SimulatedChannel,
    simulate_channel,
)
from napari_cellsets.simulate.neurons import SimulatedField, simulate_neurons
from napari_cellsets.simulate.smear import BLOOD_CELLS, simulate_blood_cell

__all__ = [
    "BLOOD_CELLS",
    "CHANNEL_CELLS",
    "FlowingCell",
    "SimulatedChannel",
    "SimulatedField",
    "simulate_blood_cell",
    "simulate_channel",
    "simulate_neurons",
]
