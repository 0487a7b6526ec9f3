"""Intervals by bootstrap over items."""

import pytest

from seoyeon.eval.statistics import estimate_mean


def test_the_interval_of_rates_is_about_that_of_the_binomial_distribution() -> None:
    found = estimate_mean([1.0] * 60 + [0.0] * 40)
    assert found.mean == pytest.approx(0.6)
    assert found.low == pytest.approx(0.6 - 1.96 * (0.6 * 0.4 / 100) ** 0.5, abs=0.015)
    assert found.high == pytest.approx(0.6 + 1.96 * (0.6 * 0.4 / 100) ** 0.5, abs=0.015)


def test_more_items_give_a_narrower_interval_and_the_same_ones_the_same() -> None:
    few, many = estimate_mean([0.0, 1.0] * 10), estimate_mean([0.0, 1.0] * 100)
    assert many.high - many.low < (few.high - few.low) / 2
    assert estimate_mean([0.0, 1.0] * 10) == few


def test_items_that_agree_have_no_spread() -> None:
    found = estimate_mean([0.5] * 10)
    assert (found.low, found.mean, found.high) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize(
    ("values", "excludes"), [([0.2, 0.3, 0.4], True), ([-0.2, 0.3], False), ([-0.2, -0.3], True)]
)
def test_a_difference_is_told_from_none_by_its_interval(
    values: list[float], *, excludes: bool
) -> None:
    assert estimate_mean(values).excludes_zero == excludes


def test_no_values_have_no_mean() -> None:
    with pytest.raises(ValueError, match="no values"):
        estimate_mean([])
