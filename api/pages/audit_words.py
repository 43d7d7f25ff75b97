"""What an auditor's pages have in common: the case, what the trail is searched by, and the words for it.

An auditor reads ids, never names or words of a record.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.requests import Request

from api.http import cases
from api.http.bodies import UUID_PATTERN
from api.http.problems import UNKNOWN, Problem, Refused
from api.http.service import Call
from api.pages import trail_filter
from api.pages.forms import Checks, Filled
from api.pages.language import gettext as _
from api.pages.language import local_day, marked
from api.pages.matters import told
from api.pages.until import end_of
from api.pages.words import role
from ledger.core.explanations import PERMITTED, REFUSED, UnknownRule, why_permitted, why_refused
from ledger.core.instants import DAY, Instant, format_instant
from ledger.core.terms import PURPOSES

VIA: Final = {
    "screen": marked("On a screen"),
    "export": marked("As a file"),
    "print": marked("On paper"),
    "preview": marked("The patient looked as somebody else would"),
    "search": marked("By a search"),
    "trail": marked("On the trail"),
    "in-person": marked("Together, in person"),
}
"""How something was shown."""
ONLY: Final = {"emergency": marked("Emergency access only"), "refused": marked("Refused tries only")}
LOOKED_BACK: Final = frozenset({"patient", "clinician", "carer", "attorney", "parent"})
"""As whom somebody sees items, so that one may ask what else they could see."""
SHOWN: Final = tuple(sorted(PERMITTED))
KEPT: Final = tuple(sorted(REFUSED))
_IDS: Final = ("record", "viewer", "team", "item")
_NAMES: Final = ("rule", "purpose", "via", "only")
_DAYS: Final = tuple(f"{name}-{part}" for name in ("since", "until") for part in ("day", "month", "year"))

Query = dict[str, str | list[str] | None]


async def case_named(call: Call, case: str) -> dict[str, Any]:
    """One's own case, as the list tells it; raises Refused where it is not there.

    A page that tells of a record asks the operation for it first, with the case as it stands in the address: so that
    whoever tries it with a case that is not theirs is on the trail of the record.
    """
    listed = told(await cases.list_cases(call))["cases"]
    found: dict[str, Any] | None = next((one for one in listed if one["case"] == case), None)
    if found is None or call.session.acting_as != "auditor":
        raise Refused(Problem(UNKNOWN, f"case {case}: got one that is not yours, or closed; look at your cases again"))
    return found


def asked_in(request: Request) -> Filled:
    """What stands in the address, as a form."""
    return trail_filter.asked_in(request)


def sought(form: Filled) -> dict[str, Any]:
    """What the trail is asked for, of what is filled in, by the API's names; raises Unfit."""
    check = Checks(form)
    ids = {name: an_id(check, form, name) for name in _IDS}
    rule = one_of(check, form, "rule", (*SHOWN, *KEPT))
    purpose, via = one_of(check, form, "purpose", PURPOSES), one_of(check, form, "via", tuple(VIA))
    only = one_of(check, form, "only", tuple(ONLY))
    since, until = trail_filter.a_day(check, "since", None), trail_filter.a_day(check, "until", None)
    if since and until and until < since:
        check.wrong("until", _("The last day is before the first. Change one of them."))
    check.done()
    asked: dict[str, Any] = {
        **ids,
        "rule": rule,
        "for_purpose": purpose,
        "via": via,
        "since": None if since is None else format_instant(Instant(end_of(since) - DAY)),
        "until": None if until is None else format_instant(end_of(until)),
        **({only: True} if only else {}),
    }
    return {name: value for name, value in asked.items() if value}


def an_id(check: Checks, form: Filled, name: str) -> str | None:
    """An id that was copied into a field, or nothing."""
    text = form.value(name).strip().lower()
    if text and re.fullmatch(UUID_PATTERN, text) is None:
        check.wrong(name, _("This is not an id. Copy it whole, with its hyphens."))
    return text or None


def one_of(check: Checks, form: Filled, name: str, choices: tuple[str, ...]) -> str | None:
    """One of a list, or nothing."""
    chosen = form.value(name)
    return check.choice(name, choices, _("Choose one from the list.")) if chosen else None


def kept(form: Filled) -> Query:
    """What is filled in, for the address of the next page."""
    return {name: form.value(name) for name in (*_IDS, *_NAMES, "since", "until", *_DAYS)}


def at_that_moment(line: Mapping[str, Any]) -> Query | None:
    """The question of what the reader of a line could see at its moment, for its address; None of who sees no items."""
    asked = _that_day(line)
    return None if asked is None else {**asked, "at": line["at"]}


def leading_back(lines: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Lines of a trail, each with the question of what its reader could see that day (``then``, which may be None)."""
    return [{**line, "then": _that_day(line)} for line in lines]


def _that_day(line: Mapping[str, Any]) -> Query | None:
    if line["acting_as"] not in LOOKED_BACK or not line["record"]:
        return None
    asked = {"person": line["viewer"]["id"], "acting_as": line["acting_as"], "day": str(local_day(line["at"]))}
    return {"record": line["record"], "purpose": line["purpose"], **asked}


def means(rule: str) -> str:
    """What a rule means, to who oversees; of an unknown one its name."""
    for explain in (why_permitted, why_refused):
        try:
            return _(explain(rule).means)
        except UnknownRule:
            continue
    return rule


def via(name: str | None) -> str:
    """How something was shown, in words."""
    return _(VIA[name]) if name in VIA else name or ""


def choices_of_rules() -> list[tuple[str, str]]:
    """Rules by which something was shown or refused, as choices."""
    return [("", _("Any")), *((name, name) for name in (*SHOWN, *KEPT))]


def choices_of_readers(names: tuple[str, ...]) -> list[tuple[str, str]]:
    """As what somebody looks, as choices."""
    return [(name, role(name)) for name in names]
