"""Base of every model that holds state: validated, evented, closed."""

from __future__ import annotations

from typing import ClassVar

from psygnal import SignalGroupDescriptor
from pydantic import BaseModel, ConfigDict


class EventedModel(BaseModel):
    """A pydantic model that tells who listens when a field changes.

    Unknown fields are refused, assignments are validated, and
    `model.events.<field>` emits only when the value really changed.
    """

    model_config = ConfigDict(
        extra="forbid", validate_assignment=True, arbitrary_types_allowed=True
    )
    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()


class FrozenModel(BaseModel):
    """A pydantic value: unknown fields are refused, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True)
