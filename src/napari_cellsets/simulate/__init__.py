"""Simulated cell pictures with exact truth, from numpy and scipy alone.

``neurons`` draws fluorescence fields of neurons. The demo, the tests, the
benchmarks and ``training`` call it; it knows none of them, nor Qt, napari or torch.
"""

from __future__ import annotations

from napari_cellsets.simulate.neurons import SimulatedField, simulate_neurons

__all__ = ["SimulatedField", "simulate_neurons"]
