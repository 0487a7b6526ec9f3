"""Means with confidence intervals, by a bootstrap over items.

The repetitions of an item are no independent samples: an item counts by the mean of its
repetitions, and items are drawn with replacement.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DRAWS = 10_000
CONFIDENCE = 0.95
_SEED = 16  # the same answers give the same interval


@dataclass(frozen=True)
class Interval:
    """A mean and the percentiles of the bootstrap around it."""

    mean: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0


def estimate_mean(values: Sequence[float]) -> Interval:
    """Return the mean of the items' values and its interval; raise ValueError without values."""
    if not values:
        raise ValueError("no values")
    drawn = np.random.default_rng(_SEED).choice(np.asarray(values), (DRAWS, len(values)))
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(drawn.mean(axis=1), [tail, 100 - tail])
    return Interval(float(np.mean(values)), float(low), float(high))
