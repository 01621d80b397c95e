"""What a model's metadata say of how far its objects and counts can be trusted."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

FEATURES = ("mean", "edge", "small", "large", "round", "border")
"""What is seen of an object; `counting.confidence` tells what each is."""


class IntervalRule(BaseModel):
    """How wide counts spread around what is expected, from validation pictures.

    Parameters
    ----------
    level
        Share of pictures whose true count should lie inside, 0..1.
    missed
        True objects that were missed, a right one that was found.
    spread
        Relative spread from picture to picture, beside that of chance.
    low, high
        How many spreads the interval reaches below and above what is expected.
    """

    model_config = ConfigDict(frozen=True)
    level: float = Field(gt=0, lt=1)
    missed: float = Field(ge=0)
    spread: float = Field(default=0.0, ge=0)
    low: float
    high: float


class TrustRule(BaseModel):
    """Weights of the confidence in an object, fitted on validation pictures.

    Parameters
    ----------
    right
        When an object counted as right: ``centres within 40 px``, ``IoU above 0.5``.
    fitted_on
        Pictures and objects that it was fitted on.
    log_area
        Mean natural logarithm of the area of right objects, px².
    bias, weights
        Of the features by name; confidence is the logistic function of the sum.
    interval
        For counts; None where it was not fitted.
    """

    model_config = ConfigDict(frozen=True)
    right: str = ""
    fitted_on: str = ""
    log_area: float
    bias: float
    weights: dict[str, float]
    interval: IntervalRule | None = None

    @model_validator(mode="after")
    def _weights_are_known(self) -> Self:
        strange = sorted(set(self.weights) - set(FEATURES))
        if strange:
            raise ValueError(f"weights of unknown features: {', '.join(strange)}")
        return self
