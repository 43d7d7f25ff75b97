"""How something is shared, in an icon and a few words: made of what the API says of a part and of its directives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

from api.pages import words
from api.pages.language import day, listed, marked, spoken
from api.pages.language import gettext as _
from api.pages.until import last_day
from ledger.core.instants import Instant, parse_instant

Said = Mapping[str, Any]
WEEKDAYS: Final[Sequence[str]] = (
    marked("Monday"), marked("Tuesday"), marked("Wednesday"), marked("Thursday"), marked("Friday"),
    marked("Saturday"), marked("Sunday"),
)  # fmt: skip
_ALL_DAY: Final = ("00:00", "23:59")
_EVERY_DAY: Final = [*range(1, 8)]


@dataclass(frozen=True, slots=True)
class How:
    """How something is shared: the name of an icon, and words. ``notes`` say more of it, each by itself."""

    icon: str
    text: str
    notes: tuple[str, ...] = ()


def code_of(scope: Said) -> str:
    """A part's name within an address: an address stays in a device's history, and must not tell what it is about."""
    if scope["kind"] == "item":
        return str(scope["of"])
    return sha256(in_form(scope).encode()).hexdigest()[:10]


def in_form(scope: Said) -> str:
    """A part as a form sends it: ``kind:letter``."""
    return f"{scope['kind']}:{scope.get('of', '')}"


def from_form(text: str) -> dict[str, str]:
    """A part that a form has sent; what is none of the vocabulary, the ledger refuses."""
    kind, _colon, of = text.partition(":")
    return {"kind": kind} if kind == "everything" else {"kind": kind, "of": of}


def grantee_words(grantee: Said) -> str:
    """To whom something is shared, by name."""
    return _("All your carers") if grantee["kind"] == "all-carers" else grantee["name"] or _("Somebody unknown")


def how(part: Said, directive: Said | None, now: Instant) -> How:
    """How a part is shared, by what decides: ``directive``, None where nothing is said of it."""
    if directive is None or part["effect"] is None:
        return How("no", _("Not shared"))
    if directive["effect"] == "withhold":
        return How("no", _("Not shared"))
    said = _timed(directive, now) or _conditional(directive, part["effect"]) or How("yes", _("Shared"))
    return said if part["effect"] == "shared" or said.icon != "yes" else How("no", _("Not shared now"))


def directed(directive: Said | None, now: Instant) -> How:
    """How one directive shares or withholds by itself."""
    if directive is None:
        return How("no", _("Nothing is set"))
    return how({"effect": "shared" if directive["effect"] == "share" else "withheld"}, directive, now)


def because_of(part: Said, directive: Said | None, grantee: Said) -> tuple[str, ...]:
    """Whether something wider decides: everything, or what is said to a team or to all carers."""
    if directive is None:
        return ()
    notes = []
    if directive["scope"]["kind"] != part["scope"]["kind"]:
        notes.append(_("As part of everything"))
    if directive["grantee"]["kind"] != grantee["kind"]:
        notes.append(_("As set for: %(whom)s") % {"whom": grantee_words(directive["grantee"])})
    return tuple(notes)


def of_carer(said: How, carer: Said) -> How:
    """The same for somebody who is suspended or frozen: that comes first."""
    if carer["suspended"]:
        return How("locked", _("Stopped for now"), (_("Was: %(how)s") % {"how": said.text},))
    if carer["frozen"] and said.icon != "no":
        return replace(said, notes=(*said.notes, _("Frozen: nothing new")))
    return said


def _timed(directive: Said, now: Instant) -> How | None:
    """What its dates say where they matter: it has not begun, or it is over."""
    begins, ends = directive["terms"]["from"], directive["terms"]["until"]
    if ends is not None and parse_instant(ends) <= now:
        return How("no", _("Not shared any more"), (_("The last day was %(day)s") % {"day": day(last_day(ends))},))
    if begins is not None and now < parse_instant(begins):
        return How("until", _("Shared from %(day)s") % {"day": day(begins)}, _until(ends))
    return None


def _conditional(directive: Said, effect: str) -> How | None:
    condition, ends = directive["terms"]["condition"], directive["terms"]["until"]
    if condition is None:
        return _plainly(ends)
    notes = _until(ends)
    if condition["kind"] == "together":
        open_now = (_("You are looking together now"),) if effect == "shared" else ()
        return How("together", _("Only when I’m with them"), (*open_now, *notes))
    if condition["kind"] == "hours" and _is_always(condition):
        return _plainly(ends)
    if condition["kind"] == "hours":
        return How("until", _("At certain times"), (*hours(condition), *notes))
    return How("until", _("Only when I am too unwell to decide"), notes)


def _plainly(ends: str | None) -> How | None:
    """Shared whenever they like, until some day; None where nothing ends it."""
    return None if ends is None else How("until", _("Shared until %(day)s") % {"day": day(last_day(ends))})


def _is_always(condition: Said) -> bool:
    """Are these hours the whole week, as the pages have people write that?"""
    return (condition["from"], condition["until"]) == _ALL_DAY and sorted(condition["days"]) == _EVERY_DAY


def _until(ends: str | None) -> tuple[str, ...]:
    return () if ends is None else (_("Until %(day)s") % {"day": day(last_day(ends))},)


def hours(condition: Said) -> tuple[str, ...]:
    """Certain times: Monday and Friday, from 09:00 to 17:00; and by which clock, if not by that of these pages."""
    opens, closes = condition["from"], condition["until"]
    said = _("%(days)s, from %(opens)s to %(closes)s")
    if (opens, closes) == _ALL_DAY:
        said = _("%(days)s, all day")
    elif closes <= opens:
        said = _("%(days)s, from %(opens)s to %(closes)s the next day")
    told = said % {"days": _days(sorted(condition["days"])), "opens": opens, "closes": closes}
    elsewhere = condition["zone"] != getattr(spoken().zone, "key", None)
    place = condition["zone"].rpartition("/")[2].replace("_", " ")
    return (told, _("By the clock in %(place)s") % {"place": place}) if elsewhere else (told,)


def _days(days: Sequence[int]) -> str:
    if list(days) == _EVERY_DAY:
        return _("Every day")
    if list(days) == _EVERY_DAY[:5]:
        return _("Monday to Friday")
    return listed(_(WEEKDAYS[n - 1]) for n in days)


def step(step_: Said, whom: str) -> str:
    """One step of a preset, in a plain sentence."""
    named = {"part": "" if step_["scope"] is None else words.part(step_["scope"]), "whom": whom}
    return {
        "share": _("%(whom)s will see: %(part)s"),
        "withhold": _("%(whom)s will not see: %(part)s"),
        "withdraw": _("You no longer share with %(whom)s: %(part)s"),
        "freeze": _("%(whom)s keeps what they can see now, and sees nothing new"),
        "stop": _("You share nothing with anybody any more"),
    }[step_["does"]] % named
