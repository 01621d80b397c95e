"""Training: people's own models, and the recipes of the shipped ones.

`api.train` is the door: a frozen request in, an ONNX model with its card out. Behind
it ``splits`` deals the pictures, ``segmenter`` and ``classifier`` say what is learnt,
``loop`` learns, ``start`` takes weights out of shipped files. ``neurons`` and
``nuclei`` are the recipes of the shipped segmenters; ``map_task`` is what all
segmenters share. This is the only package that imports torch, an optional extra;
``request`` and ``api`` do without until a run begins.
"""

from __future__ import annotations
