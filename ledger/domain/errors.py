"""What the domain refuses. Every message says what was got, what was wanted, and what to do next."""


class DomainError(Exception):
    """Something that cannot be said, or not by this person."""


class NotPossible(DomainError):
    """It does not follow from what was said before."""


class NotAllowed(DomainError):
    """This person may not say or see it. ``rule`` names the rule that decided."""

    def __init__(self, message: str, rule: str) -> None:
        super().__init__(message)
        self.rule = rule


class Unknown(DomainError):
    """No such person, record or item for this reader; a hidden one answers in exactly these words."""
