"""The marks of an axis: round numbers that cover the data, few enough to read."""

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Final

MOST: Final = 8
"""The most ticks of an axis."""
_EXACT: Final = Context(prec=200)
_ROUND: Final = (Decimal(1), Decimal(2), Decimal(5))


def ticks(values: Iterable[Decimal]) -> tuple[Decimal, ...]:
    """From 2 to ``MOST`` ticks in rising order, from the lowest value or below to the highest or above.

    They lie evenly on multiples of 1, 2 or 5 times a power of ten, the finest that is no more than ``MOST``. Values
    that are all the same stand between two ticks or more. Raises ValueError for none, and for one that is not finite.
    """
    told = list(values)
    if not told or not all(value.is_finite() for value in told):
        raise ValueError(f"values: got {[str(value) for value in told[:8]]}, wanted one or more finite numbers")
    low, high = _apart(min(told), max(told))
    step = _step(low, high)
    first, last = _steps(low, step, ROUND_FLOOR), _steps(high, step, ROUND_CEILING)
    return tuple(_EXACT.multiply(step, Decimal(number)) for number in range(first, last + 1))


def _apart(low: Decimal, high: Decimal) -> tuple[Decimal, Decimal]:
    """The two, or where they are the same, a little below and above: by a tenth of the value's magnitude."""
    if low < high:
        return low, high
    little = Decimal(1).scaleb(low.adjusted() - 1) if low else Decimal(1)
    return _EXACT.subtract(low, little), _EXACT.add(high, little)


def _step(low: Decimal, high: Decimal) -> Decimal:
    # A seventh of the span is less than any step that will do; three powers of ten up, the largest surely does.
    power = _EXACT.divide(_EXACT.subtract(high, low), Decimal(MOST - 1)).adjusted()
    return next(
        step
        for more in range(4)
        for digit in _ROUND
        if _steps(high, step := digit.scaleb(power + more), ROUND_CEILING) - _steps(low, step, ROUND_FLOOR) < MOST
    )


def _steps(value: Decimal, step: Decimal, rounding: str) -> int:
    return int(_EXACT.divide(value, step).to_integral_value(rounding=rounding))
