"""Looks in words: lines of the trail, put together into sessions and days, and what somebody did in each.

Pure: what it says is made of the lines that the reader was told, and of nothing else.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, Final

from api.http.naming import FEW
from api.pages.language import gettext as _
from api.pages.language import listed, local_day, marked, ngettext, number
from api.pages.words import role
from ledger.core.explanations import why_permitted

Line = Mapping[str, Any]
TOGETHER_WITHIN: Final = timedelta(minutes=30)
"""Looks of one person that follow each other within this are one session."""
_UNTOLD: Final = frozenset({"shared-with-me", "own-record", "emergency"})
"""Purposes that the rules say better, or a mark."""

COUNTED: Final[Mapping[str, Callable[[int], str]]] = {
    "note": lambda n: ngettext("%(n)s note", "%(n)s notes", n),
    "letter": lambda n: ngettext("%(n)s letter", "%(n)s letters", n),
    "result": lambda n: ngettext("%(n)s test result", "%(n)s test results", n),
    "reading": lambda n: ngettext("%(n)s reading", "%(n)s readings", n),
    "medicine": lambda n: ngettext("%(n)s medicine", "%(n)s medicines", n),
    "allergy": lambda n: ngettext("%(n)s allergy", "%(n)s allergies", n),
    "problem": lambda n: ngettext("%(n)s health problem", "%(n)s health problems", n),
    "plan": lambda n: ngettext("%(n)s care plan", "%(n)s care plans", n),
    "plan-for-carers": lambda n: ngettext("%(n)s plan for carers", "%(n)s plans for carers", n),
    "wishes": lambda n: ngettext("%(n)s advance statement", "%(n)s advance statements", n),
    "decision": lambda n: ngettext("%(n)s decision", "%(n)s decisions", n),
    "recommendation": lambda n: ngettext("%(n)s recommendation", "%(n)s recommendations", n),
    "information": lambda n: ngettext("%(n)s piece of information", "%(n)s pieces of information", n),
    "working-note": lambda n: ngettext("%(n)s working note", "%(n)s working notes", n),
    "flag": lambda n: ngettext("%(n)s safeguarding flag", "%(n)s safeguarding flags", n),
    "comment": lambda n: ngettext("%(n)s comment", "%(n)s comments", n),
    "contribution": lambda n: ngettext("%(n)s own entry", "%(n)s own entries", n),
    "experience": lambda n: ngettext("%(n)s experience of care", "%(n)s experiences of care", n),
    "emergency": lambda n: ngettext("why an emergency was opened", "why %(n)s emergencies were opened", n),
    "question": lambda n: ngettext("%(n)s question about a look", "%(n)s questions about looks", n),
    "conversation": lambda n: ngettext("%(n)s talk about carers", "%(n)s talks about carers", n),
    "capacity": lambda n: ngettext("%(n)s assessment of capacity", "%(n)s assessments of capacity", n),
    "best-interests": lambda n: ngettext("%(n)s best-interests decision", "%(n)s best-interests decisions", n),
    "release": lambda n: ngettext("%(n)s release after death", "%(n)s releases after death", n),
}
"""Each kind of item and of matter, counted; a test holds it to the vocabulary."""
MATTERS: Final[Mapping[str, str]] = {
    "emergency": marked("Why an emergency was opened"),
    "question": marked("A question about a look"),
    "conversation": marked("A talk about carers"),
    "capacity": marked("An assessment of capacity"),
    "best-interests": marked("A best-interests decision"),
    "release": marked("A release after death"),
}
"""What is said about a record rather than in one of its items: it has no page of its own."""
_DID: Final[Mapping[str, str]] = {
    "screen": marked("Read %(things)s"),
    "print": marked("Opened %(things)s to print"),
    "export": marked("Downloaded %(things)s"),
    "search": marked("Searched, and found %(things)s"),
    "preview": marked("Saw %(things)s"),
    "in-person": marked("Had %(things)s on the screen, in the room with you"),
}
_DID_NOTHING: Final[Mapping[str, str]] = {
    "screen": marked("Opened the record, and was shown nothing in it"),
    "print": marked("Opened the record to print, and was shown nothing in it"),
    "export": marked("Made a download with nothing in it"),
    "search": marked("Searched, and found nothing"),
    "preview": marked("Saw nothing"),
    "in-person": marked("Opened the record in the room with you, and was shown nothing in it"),
}
_CALLED: Final = 80
"""Letters of a title within a sentence; all of it stands on the page of the look."""
_TRAIL: Final = marked("Looked at who has looked")


@dataclass(frozen=True, slots=True)
class Session:
    """Looks of one person that follow each other, the newest first; all of one day, role, purpose and outcome."""

    lines: Sequence[Line]
    own: bool

    @property
    def newest(self) -> Line:
        """The last of them."""
        return self.lines[0]

    @property
    def begins(self) -> str:
        """When the first of them was."""
        return str(self.lines[-1]["at"])

    @property
    def ends(self) -> str:
        """When the last of them was."""
        return str(self.lines[0]["at"])

    @property
    def emergency(self) -> bool:
        """Was anything of it opened as an emergency?"""
        return any(is_emergency(line) for line in self.lines)

    @property
    def refused(self) -> bool:
        """Was it a try, and nothing shown?"""
        return bool(self.newest["refused"])

    @property
    def did(self) -> list[str]:
        """What they did, a phrase for each way of looking."""
        if self.refused:
            return []
        ways = dict.fromkeys(line["via"] for line in self.lines)
        return [_did(way, [line for line in self.lines if line["via"] == way]) for way in ways]

    @property
    def why(self) -> list[str]:
        """Why it was allowed, in sentences; nothing is said of one's own looks."""
        return [] if self.own or self.refused else reasons(self.lines)

    @property
    def purpose(self) -> str | None:
        """For what, where the rules do not say it better."""
        purpose = self.newest["purpose"]
        return None if self.own or purpose in _UNTOLD else purpose


def is_emergency(line: Line) -> bool:
    """Was this look an emergency, or did it rest on one?"""
    return line["purpose"] == "emergency" or any(group["rule"] == "emergency" for group in line["shown"])


def sessions(lines: Iterable[Line], own: str) -> list[Session]:
    """The lines, newest first as they come, put together; ``own`` is the person who reads."""
    found: list[list[Line]] = []
    for line in lines:
        if found and _goes_on(found[-1][-1], line):
            found[-1].append(line)
        else:
            found.append([line])
    return [Session(tuple(one), one[0]["viewer"]["id"] == own) for one in found]


def by_day(of: Iterable[Session]) -> Iterator[tuple[date, list[Session]]]:
    """Sessions by their day, in their order."""
    for day, some in groupby(of, key=lambda session: local_day(session.ends)):
        yield day, list(some)


def _goes_on(newer: Line, older: Line) -> bool:
    """Are these of one session? Emergencies stay apart from other looks."""
    gap = datetime.fromisoformat(newer["at"]) - datetime.fromisoformat(older["at"])
    return (
        _as_what(newer) == _as_what(older)
        and local_day(newer["at"]) == local_day(older["at"])
        and gap <= TOGETHER_WITHIN
    )


def _as_what(line: Line) -> tuple[object, ...]:
    preview = line["preview_of"] and line["preview_of"]["id"]
    purpose = line["purpose"]
    return (line["viewer"]["id"], line["acting_as"], purpose, preview, line["refused"], is_emergency(line))


def _did(via: str, lines: Sequence[Line]) -> str:
    if via == "trail":
        return _(_TRAIL)
    things = things_in(item for line in lines for item in line["items"])
    return _(_DID[via]) % {"things": things} if things else _(_DID_NOTHING[via])


def things_in(items: Iterable[Mapping[str, Any]]) -> str:
    """Items in words, each once: 3 test results and 1 note; nothing where there are none.

    A few of them are called by their titles: “From the clinic” and 1 note.
    """
    things = {item["id"]: item for item in items}.values()
    titled = [one for one in things if one.get("title")] if len(things) <= FEW else []
    kinds = Counter(one["kind"] for one in things if one not in titled)
    by_number = sorted(kinds.items(), key=lambda pair: (-pair[1], pair[0]))
    called = [_quoted(one["title"]) for one in sorted(titled, key=lambda one: (one["since"], one["id"]), reverse=True)]
    return listed([*called, *(COUNTED[kind](count) % {"n": number(count)} for kind, count in by_number)])


def _quoted(title: str) -> str:
    """A title within a sentence: its beginning, in the direction of its own script (Unicode UAX 9, isolates)."""
    said = title if len(title) <= _CALLED else f"{title[:_CALLED].rstrip()}…"
    return _("“%(title)s”") % {"title": f"\u2068{said}\u2069"}


def reasons(lines: Iterable[Line]) -> list[str]:
    """Why it was allowed, each reason once; that they wrote some of it, only where there is no other."""
    rules = dict.fromkeys(group["rule"] for line in lines for group in line["shown"])
    if len(rules) > 1:
        rules.pop("own-words", None)
    meanings = [why_of_them(rule) for rule in rules]
    return list(dict.fromkeys(meaning for meaning in meanings if meaning))


def why_of_them(rule: str) -> str:
    """What a rule means, told to the patient of somebody else."""
    meaning = why_permitted(rule.partition(":")[0])
    return _(meaning.of_them or meaning.means)


def people_in(lines: Iterable[Line], own: str) -> list[tuple[str, str]]:
    """Those who looked, as choices: their ids and names, in the order of the alphabet. One's own look is "You"."""
    named = {line["viewer"]["id"]: line["viewer"]["name"] or _("Somebody without a name") for line in lines}
    named = {person: _("You") if person == own else name for person, name in named.items()}
    return sorted(named.items(), key=lambda pair: pair[1].casefold())


def readers_in(lines: Iterable[Line], own: str) -> list[tuple[str, str]]:
    """Those other than oneself who looked, by id and as what: choices of whose view to look back at."""
    found = {
        (line["viewer"]["id"], line["acting_as"]): line["viewer"]["name"] or _("Somebody without a name")
        for line in lines
        if line["viewer"]["id"] != own and line["acting_as"] in READERS
    }
    words = {
        f"{person}:{acting_as}": _("%(name)s (%(role)s)") % {"name": name, "role": role(acting_as)}
        for (person, acting_as), name in found.items()
    }
    return sorted(words.items(), key=lambda pair: pair[1].casefold())


READERS: Final = frozenset({"clinician", "carer", "attorney", "parent"})
"""Acting as whom somebody sees items of a record."""
SHORT: Final = 3
"""Looks of a session that are listed at once; more of them are folded away."""


def looks_of(session: Session) -> tuple[Sequence[Line], Sequence[Line]]:
    """The looks of a session that lead to what was shown, and those to be folded away."""
    shown = session.lines
    return (shown, ()) if len(shown) <= SHORT else ((), shown)
