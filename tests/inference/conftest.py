"""Fixtures of tiny models for the tests of this room."""

from __future__ import annotations

from tiny_models import endless, far_seeing, make_pointwise

__all__ = ["endless", "far_seeing", "make_pointwise"]
