"""Memory that was freed goes back to the system."""

from __future__ import annotations

import ctypes
import sys

_LINUX = sys.platform == "linux"


def give_back() -> bool:
    """Give the system all memory that the program has freed; return whether it could.

    The C library of Linux keeps what lies between things in use: some hundred
    megabytes after large images. Elsewhere nothing is done.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if _LINUX else None
    return trim is not None and bool(trim(0))
