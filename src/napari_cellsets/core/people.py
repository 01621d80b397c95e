"""Who works here."""

from __future__ import annotations

import getpass


def account_name() -> str:
    """Return the name of the account, ``unknown`` where it has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
