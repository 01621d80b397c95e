"""Recipes that train the shipped models; the only package that imports torch.

``cresunet`` is the network, ``data`` makes batches from simulated, DSB and FNC
pictures, ``train`` runs, ``export`` writes ONNX. The command line and
``benchmarks/accuracy`` call it; nothing else does, since torch is an optional extra.
"""

from __future__ import annotations
