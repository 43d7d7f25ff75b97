"""Windows: contenders measured in turn, and what the rounds say together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

WINDOWS: Final = 7
"""Rounds of a bench; the median of seven stands when three were disturbed."""

Tell = Callable[[str], None]
"""Hears, in a few words, what is being measured."""


@dataclass(frozen=True, slots=True)
class Window:
    """What one contender did in one window; latencies in milliseconds."""

    per_second: float
    p50_ms: float
    p99_ms: float

    @classmethod
    def of(cls, latencies: Sequence[float], seconds: float) -> "Window":
        """From the seconds that each operation took, and that all of them took together."""
        ordered = sorted(latencies) or [seconds]
        return cls(
            len(latencies) / seconds, ordered[len(ordered) // 2] * 1000, ordered[int(len(ordered) * 0.99)] * 1000
        )


@dataclass(frozen=True, slots=True)
class Rounds:
    """The windows of each contender, by name, round by round."""

    windows: Mapping[str, Sequence[Window]]

    def per_second(self, name: str) -> float:
        """The median rate of a contender."""
        return median(window.per_second for window in self.windows[name])

    def p50_ms(self, name: str) -> float:
        """The median of the windows' median latencies."""
        return median(window.p50_ms for window in self.windows[name])

    def p99_ms(self, name: str) -> float:
        """The median of the windows' 99th percentiles."""
        return median(window.p99_ms for window in self.windows[name])

    def rate_ratio(self, name: str, baseline: str) -> float:
        """The median over the rounds of rate ÷ the baseline's rate."""
        return self._ratio(name, baseline, lambda window: window.per_second)

    def p50_ratio(self, name: str, baseline: str) -> float:
        """The median over the rounds of p50 ÷ the baseline's p50."""
        return self._ratio(name, baseline, lambda window: window.p50_ms)

    def _ratio(self, name: str, baseline: str, value: Callable[[Window], float]) -> float:
        pairs = zip(self.windows[name], self.windows[baseline], strict=True)
        return median(value(window) / value(against) for window, against in pairs)


def interleave(contenders: Mapping[str, Callable[[], Window]], *, rounds: int, tell: Tell) -> Rounds:
    """Measure each contender once a round, after one round that does not count.

    Every round begins with another contender, so that none always runs into what another left behind.
    """
    names = list(contenders)
    windows: dict[str, list[Window]] = {name: [] for name in names}
    for n in range(-1, rounds):
        first = n % len(names)
        for name in names[first:] + names[:first]:
            tell("warming up" if n < 0 else f"round {n + 1} of {rounds}: {name}")
            window = contenders[name]()
            if n >= 0:
                windows[name].append(window)
    return Rounds(windows)
