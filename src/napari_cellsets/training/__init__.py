"""Training: people's own models, and the recipes of the shipped ones.

`api.train` is the door: a frozen request in, an ONNX model with its card out. Behind
it ``splits`` deals the pictures, ``segmenter`` and ``classifier`` say what is learnt,
``loop`` learns, ``start`` takes weights out of shipped files. ``train`` and ``nuclei``
are recipes of the shipped models. This is the only package that imports torch, an
optional extra; ``request`` and ``api`` do without until a run begins.
"""

from __future__ import annotations
