"""Why something is shown, or kept back, in plain words: what a view says of a rule that its reader may be told."""

from ledger.core.explanations import UnknownRule, why_permitted, why_refused


def because_shown(rule: str) -> str:
    """The sentence to a reader who is shown something by this rule. Raises UnknownRule if readers are told none."""
    return _told(rule, why_permitted(rule).told)


def because_kept(rule: str) -> str:
    """The sentence to a reader who may know that this is kept back. Raises UnknownRule if readers are told none."""
    return _told(rule, why_refused(rule).told)


def _told(rule: str, sentence: str | None) -> str:
    if sentence is None:
        raise UnknownRule(f"rule: got {rule!r}, which no reader is told of, wanted one that leaves a trace")
    return sentence
