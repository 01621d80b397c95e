"""``python``: a function reads it; the last resort, where no word fits."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic import Field

from napari_cellsets.core.errors import RecipeError
from napari_cellsets.formats.words.base import Ask, Word, WordOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.core.annotation import Annotation


class PythonOptions(WordOptions):
    """Options of ``python``.

    Parameters
    ----------
    reader
        ``package.module:function``; it is given an `Ask` and these options and
        returns annotations, as the words themselves do.
    options
        Whatever it needs to know.
    """

    reader: str = Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")
    options: dict[str, Any] = Field(default_factory=dict)


def read(ask: Ask, options: PythonOptions) -> Sequence[Annotation]:
    """Call the function.

    Raises
    ------
    RecipeError
        If there is no such function.
    """
    module, _, name = options.reader.partition(":")
    try:
        function = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise RecipeError(
            f"there is no function {options.reader!r}",
            advice="Install the package that has it, or correct the row.",
        ) from error
    found: Sequence[Annotation] = function(ask, options)
    return found


WORD = Word(PythonOptions, read)
