"""What one rule means, to whom."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """``means``: for the documentation. ``told``: to who asked, with what to do next, or None: they are told nothing.

    ``of_them``: to the patient, about somebody else for whom this rule decides; None where that cannot be.
    """

    means: str
    told: str | None = None
    of_them: str | None = None
