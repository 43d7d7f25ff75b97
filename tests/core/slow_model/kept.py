"""What is kept from whom, whatever is shared; and for how long, for every secret is bounded."""

from datetime import date, timedelta

from ledger.core.instants import DAY, parse_instant
from ledger.core.said import Said
from tests.core.slow_model.items import about, born, kind
from tests.core.slow_model.look import Look


def from_patient(look: Look, items: list[str]) -> str | None:
    """Rule 3: the rule by which one of these is kept from the patient, or None."""
    for item in items:
        why = _from_patient(look, item)
        if why is not None:
            return why
    return None


def _from_patient(look: Look, item: str) -> str | None:
    if is_working(look, item):
        return "working"
    if kind(look, item) == "flag":
        return "flag"
    if is_in_confidence(look, item):
        return "carer-confidence"
    grounds = [one.facts["ground"] for one in withheld(look, item) if one.facts["from"] == "patient"]
    if grounds:
        return f"withheld:{grounds[0]}"
    if look.on_screen and is_online_hidden(look, item):
        return "online-hidden"
    return "not-yet" if _waits(look, item) else None


def from_carers(look: Look, items: list[str]) -> str | None:
    """Rule 5, its first line: the rule by which one of these is kept from every carer, or None."""
    for item in items:
        if kind(look, item) == "working-note":
            return "working"
        grounds = [one.facts["ground"] for one in withheld(look, item) if one.facts["from"] == "carers"]
        if grounds:
            return f"withheld:{grounds[0]}"
    return from_patient(look, items)


def is_working(look: Look, item: str) -> bool:
    """Is it a working note in its 28 days?"""
    return kind(look, item) == "working-note" and look.at < born(look, item).recorded_at + 28 * DAY


def is_in_confidence(look: Look, item: str) -> bool:
    """Did a carer tell it in confidence, in the last 14 days, and has not given leave to share it?"""
    if any(one.facts["outcome"] == "given" for one in about(look, item, "leave-answered/1")):
        return False
    told = born(look, item)
    return bool(told.facts["in_confidence"]) and look.at < told.recorded_at + 14 * DAY


def withheld(look: Look, item: str) -> list[Said]:
    """The withholdings of an item that are in force: not lifted, not lapsed."""
    return [one for one in not_lifted(look, item) if look.at < _lapse(one)]


def not_lifted(look: Look, item: str) -> list[Said]:
    """The withholdings of an item that nobody has lifted, lapsed or not."""
    made: list[Said] = []
    for one in about(look, item, "withholding-made/1", "withholding-lifted/1"):
        made = [other for other in made if other.facts["withholding"] != one.facts["withholding"]]
        if one.type == "withholding-made/1":
            made.append(one)
    return made


def _lapse(made: Said) -> float:
    """An opinion on serious harm lapses after six months, and the guardian has 28 days then; others never do."""
    if made.facts["ground"] != "serious-harm":
        return float("inf")
    opinion = date.fromisoformat(made.facts["opinion_date"])
    months = opinion.month + 6
    year, month, day = opinion.year + (months > 12), (months - 1) % 12 + 1, opinion.day
    while True:
        try:
            six_later = date(year, month, day)
            break
        except ValueError:  # no 31 February
            day -= 1
    return parse_instant(f"{(six_later + timedelta(days=28)).isoformat()}T00:00:00.000Z")


def is_online_hidden(look: Look, item: str) -> bool:
    """Is it off every screen, by a withholding or by default?"""
    return is_hidden_by_default(look, item) or any(one.facts["from"] == "screen" for one in withheld(look, item))


def is_hidden_by_default(look: Look, item: str) -> bool:
    """Is it about domestic abuse, and has nobody lifted that by the item's own id?"""
    hidden, before = False, False
    for one in about(look, item, "item-added/1", "item-topics-set/1", "withholding-lifted/1"):
        if "topics" in one.facts:
            abuse = "domestic-abuse" in one.facts["topics"]
            hidden = abuse and (hidden or not before)
            before = abuse
        elif one.facts["withholding"] == item:
            hidden = False
    return hidden


def _waits(look: Look, item: str) -> bool:
    """Is it a result that is held, or that waits for a patient who wishes to be told first?"""
    told = born(look, item)
    held, released = False, False
    for one in about(look, item, "result-held/1", "result-released/1"):
        released = released or one.type == "result-released/1"
        held = one.type == "result-held/1" and look.at < min(parse_instant(one.facts["until"]), _latest(told))
    wishes = look.told("results-wish-stated/1")
    before = [one.facts["wish"] for one in wishes if one.position < told.position]
    after = [one.facts["wish"] for one in wishes if one.position > told.position]
    first = before[-1:] == ["tell-me-first"] and "at-once" not in after
    return held or (told.facts["kind"] == "result" and first and not released)


def _latest(told: Said) -> int:
    return told.recorded_at + 14 * DAY
