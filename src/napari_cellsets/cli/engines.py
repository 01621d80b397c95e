"""``--engine`` and ``--fast``: what runs the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

#: As in `inference.engines.ENGINES`, which is slow to import for a mere --help.
NAMES = ("auto", "onnxruntime", "openvino", "cuda", "coreml", "directml")


def add_engine(command: Any) -> None:
    """Add the choice of an engine to a command that runs a model."""
    command.add_argument(
        "--engine",
        choices=NAMES,
        default="auto",
        help="what runs the model; the fastest installed by default",
    )
    command.add_argument(
        "--fast",
        action="store_true",
        help="allow half precision (OpenVINO on processors with bfloat16): about "
        "twice as fast; counts changed by less than 1 %% where it was measured",
    )


def choose_engine(options: argparse.Namespace) -> None:
    """Use the engine that was asked for from now on.

    Raises
    ------
    ModelError
        If it is not installed.
    """
    from napari_cellsets.inference.engines import use_engine

    use_engine(options.engine, fast=options.fast)
