"""The command line: one file a group of commands.

Called by nobody but the person; calls everything that has no window.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from napari_cellsets import __version__
from napari_cellsets.cli.check import add_check
from napari_cellsets.cli.classify import add_classify
from napari_cellsets.cli.console import (
    EXIT_PROBLEM,
    EXIT_STOPPED,
    say_any_letters,
    stopped_by_ctrl_c,
    tell,
)
from napari_cellsets.cli.convert import add_convert
from napari_cellsets.cli.count import add_count
from napari_cellsets.cli.datasets import add_datasets, add_info
from napari_cellsets.cli.events import add_events
from napari_cellsets.cli.export import add_export
from napari_cellsets.cli.project import add_project
from napari_cellsets.cli.simulate import add_simulate
from napari_cellsets.cli.train import add_train
from napari_cellsets.core.errors import CancelledError, CellsetsError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code.

    0: done; 1: something could not be read, counted or written; 2: the command was
    not understood; 130: stopped by Ctrl+C.
    """
    say_any_letters()
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        with stopped_by_ctrl_c() as token:
            return int(options.run(options, token))
    except CancelledError as error:
        tell(str(error))
        return EXIT_STOPPED
    except CellsetsError as error:
        tell(str(error))
        return EXIT_PROBLEM
    except BrokenPipeError:
        # The reader of our output has gone (`... | head`): say no more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PROBLEM


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="napari-cellsets",
        description="Open published cell data sets, count and name cells, check them "
        "against truth.",
    )
    parser.add_argument(
        "--version", action="version", version=f"napari-cellsets {__version__}"
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    add_count(commands)
    add_classify(commands)
    add_convert(commands)
    add_export(commands)
    add_check(commands)
    add_datasets(commands)
    add_info(commands)
    add_events(commands)
    add_simulate(commands)
    add_train(commands)
    add_project(commands)
    return parser
