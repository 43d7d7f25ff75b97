"""Rule 4: a clinician."""

from typing import Any

from tests.core.slow_model.consent import EVERYTHING, directed, of
from tests.core.slow_model.items import born, kind, thread, topics
from tests.core.slow_model.kept import is_working
from tests.core.slow_model.look import Look, in_time, not_over
from tests.core.slow_model.people import cares, memberships, teams

AT_ONCE = ("medicine", "allergy", "problem", "wishes")


def clinician_opens(look: Look) -> str:
    """An emergency opens the record; else a current care relationship does; else that one is asked why one looked."""
    if emergencies(look):
        return "+emergency"
    if cares(look):
        return "+direct-care"
    return "+asked" if look.told("access-questioned/1", viewer=look.viewer) else "-no-relationship"


def clinician_sees(look: Look, item: str) -> str:
    """Rule 4: an emergency; else relationship, profile and seal, of the item and of all that it answers."""
    if emergencies(look) and (kind(look, item) in AT_ONCE or _is_opened(look, item)):
        return "+emergency"
    if not cares(look):
        return "-emergency-not-opened" if emergencies(look) else "-no-relationship"
    for one in thread(look, item):
        treated = _treats(look, one)
        if treated.startswith("-"):
            return treated
    return "+direct-care"


def _treats(look: Look, item: str) -> str:
    if is_working(look, item) and not _is_of_its_team(look, item):
        return "-working"
    if not any(_covers(look, team, item) for team in cares(look)):
        return "-outside-profile"
    says = _directive(look, item)
    if says == "withhold":
        return "-sealed-by-patient"
    if kind(look, item) == "experience" and says != "share":
        return "-experience-not-shared"
    return "+direct-care"


def emergencies(look: Look) -> list[str]:
    """The viewer's emergencies in force: not over, and not found unjustified by the last review."""
    mine: dict[str, Any] = {}
    for one in look.told("emergency-opened/1", "emergency-opened/2", person=look.viewer):
        mine.setdefault(one.facts["emergency"], one)
    if look.dead:
        return []
    return [name for name, one in mine.items() if not_over(one.facts, look.at) and not _is_unjustified(look, name)]


def _is_unjustified(look: Look, emergency: str) -> bool:
    review = look.last("emergency-reviewed/1", emergency=emergency)
    if review is None or review.position < _opened_at(look, emergency):
        return False
    return bool(review.facts["outcome"] == "not-justified")


def _opened_at(look: Look, emergency: str) -> int:
    return look.told("emergency-opened/1", "emergency-opened/2", emergency=emergency)[0].position


def _is_opened(look: Look, item: str) -> bool:
    mine = [(one, _opened_at(look, one)) for one in emergencies(look)]
    return any(look.since(at, "emergency-item-opened/1", emergency=one, item=item) for one, at in mine)


def _is_of_its_team(look: Look, item: str) -> bool:
    """Is the viewer now in a team that the author of a working note was in when they wrote it?"""
    note = born(look, item)
    then = [one.facts["team"] for one in memberships(look, note.author) if in_time(one.facts, note.recorded_at)]
    return bool(set(then) & set(teams(look, look.viewer))) or note.author == look.viewer


def _covers(look: Look, team: str | None, item: str) -> bool:
    """May a team see an item of this kind and topics? Nobody by name, and no team without a profile, is bound."""
    formed = [one for one in look.said if one.type == "team-formed/1" and one.facts["team"] == team]
    if team is None or not formed or formed[0].facts["profile"] is None:
        return team is None or bool(formed)
    profiles: dict[str, Any] = {}
    for one in look.said:
        if one.type in ("policy-set/1", "policy-set/2"):
            profiles = one.facts["profiles"]
    profile = profiles.get(formed[0].facts["profile"], {"kinds": [], "topics": []})
    return kind(look, item) in profile["kinds"] and topics(look, item) <= set(profile["topics"])


def _directive(look: Look, item: str) -> str | None:
    """The patient's directive that decides for a clinician: an unmet share leaves it to the next wider scope."""
    by_topic = [directed(look, of("topic", topic)) for topic in topics(look, item)]
    says = [directed(look, of("item", item)), _of_topics(by_topic)]
    says += [directed(look, of("kind", kind(look, item))), directed(look, EVERYTHING)]
    return next((one for one in says if one in ("withhold", "share")), None)


def _of_topics(by_topic: list[str | None]) -> str | None:
    """A seal on any topic seals; shares of every topic share."""
    if "withhold" in by_topic:
        return "withhold"
    return "share" if by_topic and all(one == "share" for one in by_topic) else None
