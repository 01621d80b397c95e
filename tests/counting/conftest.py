"""Fixtures of tiny models for the tests of this room."""

from __future__ import annotations

from tiny_models import make_pointwise

__all__ = ["make_pointwise"]
