"""Whether loops over events can be compiled here.

Modules of loops import `napari_cellsets.core.loops` at their top and are themselves
imported late, after `can_compile` said yes. Each has a numpy way beside it for where
numba is missing: a bare Python loop would be a thousand times slower.
"""

from __future__ import annotations

import os
from functools import cache


@cache
def can_compile() -> bool:
    """Whether numba is there and not switched off by ``NAPARI_CELLSETS_NUMBA=0``."""
    if os.environ.get("NAPARI_CELLSETS_NUMBA", "1") == "0":
        return False
    from importlib.util import find_spec

    return find_spec("numba") is not None
