"""The vocabulary as tables: what each statement type says, read off the checks that hold it to that."""

from collections.abc import Callable, Mapping
from inspect import getclosurevars
from typing import Any, Final

from ledger.core import identifiers, shapes, terms
from ledger.core import statement_types as objects
from ledger.core.authority import SPEAKERS
from ledger.core.authority_people import superseded
from ledger.core.shapes import Check
from ledger.core.vocabulary import STATEMENT_TYPES, StatementType
from tests.docs.regions import table

LISTS = {
    "a kind": terms.KINDS,
    "a topic, until a policy adds to them": terms.TOPICS,
    "an acting-as": terms.ACTING_AS,
    "a role": terms.ROLES,
    "a concern": terms.CONCERNS,
    "an agreement": terms.AGREEMENTS,
    "a ground": terms.GROUNDS,
    "a care ground": terms.CARE_GROUNDS,
    "a purpose": terms.PURPOSES,
    "a basis": terms.BASES,
    "a matter": terms.MATTERS,
    "terms": terms.TERMS,
    "a kind of emergency": terms.EMERGENCIES,
    "an answer": terms.CONVERSATIONS,
    "a wish": terms.AFTER_DEATH,
}
"""Closed lists that have a name, so that a table need not repeat them."""
OBJECTS = {
    id(objects.GRANTEE): "a grantee",
    id(objects.SCOPE): "a scope",
    id(objects.PART): "a part",
    id(objects.CONDITION): "a condition",
    id(objects.PROFILE): "a profile",
    id(objects.AGES): "ages",
}
_PLAIN = {"a profile": objects.PROFILE, "ages": objects.AGES}
SIMPLE = {
    shapes.uuid: "UUID",
    shapes.flag: "true or false",
    shapes.position: "whole number",
    shapes.instant: "instant",
    shapes.day: "date",
    shapes.clock: "time of day",
    shapes.name: "name",
    shapes.rule: "rule",
    shapes.text: "text",
    identifiers.identifier: "identifier",
}
SPELLINGS = {
    "UUID": "lower-case, `01931f2e-7c00-7000-8000-0000000000aa`",
    "true or false": "JSON's own",
    "whole number": "from 0 to 2^53 - 1",
    "instant": "RFC 3339, UTC, milliseconds: `2026-05-03T09:00:00.000Z`",
    "date": "`2026-05-03`",
    "time of day": "`09:00`",
    "name": "lower-case letters, digits and hyphens, at most 64",
    "rule": "a name, and its ground after a colon where it has one: `withheld:serious-harm`",
    "text": "not blank, no NUL, no lone surrogate, at most 256 KiB as UTF-8",
    "identifier": (
        "an object of `system`, which is `https://fhir.nhs.uk/Id/nhs-number`, and `value`: ten digits, of which the"
        " last checks the others"
    ),
}
AGGREGATES = {
    "person": "People",
    "team": "Teams",
    "care": "A record, and who is around it",
    "item": "Items: what is written in a record",
    "sharing": "Who may see what",
    "representation": "Who decides for the patient, and what follows a death",
    "case": "Auditors' cases",
    "disclosure": "The trail: what was shown",
    "reading": "The trail: whose names were told to staff",
    "attempt": "The trail: what was refused",
    "policy": "The policy",
    "log": "The log",
}


def described(check: Check) -> str:
    """One shape in words; a named object or list by its name."""
    if check in SIMPLE:
        return SIMPLE[check]
    if id(check) in OBJECTS:
        return OBJECTS[id(check)]
    made_by, parts = _made_by(check)
    return _COMBINED[made_by](parts)


def members_of(check: Check) -> dict[str, Check]:
    """The members of an object's shape, in the order of the vocabulary."""
    made_by, parts = _made_by(check)
    if made_by != "members":
        raise LookupError(f"{check}: got a shape made by {made_by}, wanted one made by members")
    return dict(parts["shape"])


def statement_types() -> str:
    """One table for each kind of aggregate."""
    return "\n\n".join(_section(aggregate, title) for aggregate, title in AGGREGATES.items())


def named_objects() -> str:
    """The objects that the tables name: a table each for those that say of which sort they are."""
    rows = []
    sorts = (
        ("a grantee", objects.GRANTEE),
        ("a scope", objects.SCOPE),
        ("a part", objects.PART),
        ("a condition", objects.CONDITION),
    )
    for name, check in sorts:
        rows += _variants(name, check)
    rows += [[name, "", _members(members_of(check))] for name, check in _PLAIN.items()]
    return table(["object", "`kind`", "further members"], rows)


def closed_lists() -> str:
    """Every closed list that the tables name."""
    rows = [[name, ", ".join(f"`{member}`" for member in members)] for name, members in LISTS.items()]
    return table(["list", "its members"], rows)


def spellings() -> str:
    """How simple values are spelt."""
    return table(["value", "spelling"], [[name, SPELLINGS[name]] for name in SIMPLE.values()])


def _section(aggregate: str, title: str) -> str:
    rows = [
        [_named(name), _members(members_of(said.facts)), _words(said), _counters(said)]
        for name, said in STATEMENT_TYPES.items()
        if said.aggregate == aggregate
    ]
    member = next(said.stream for said in STATEMENT_TYPES.values() if said.aggregate == aggregate)
    stream = f"One aggregate, `{aggregate}`, for each `{member}`."
    return f"### {title}\n\n{stream}\n\n" + table(["type", "facts", "words", "counters it bumps"], rows)


def _named(statement_type: str) -> str:
    """A type that has a successor is marked: nobody may say it any more."""
    return f"`{statement_type}`" + (" (only read)" if SPEAKERS[statement_type] is superseded else "")


_IN_CLEAR = {
    "key": "in clear: a key",
    "passkey": "in clear: a passkey",
    "erased": "in clear: the positions whose words are erased",
    "continued": "in clear: the log that this one continues",
}


def _words(said: StatementType) -> str:
    if said.words is None:
        return _IN_CLEAR[said.public] if said.public else "none"
    told = _members(members_of(said.words))
    beside = _made_by(said.words)[1]["also"]
    told += f"<br>and, if there are any, {_members(beside)}" if beside else ""
    return told if said.words_required else told + "<br>(may be left out)"


def _counters(said: StatementType) -> str:
    return ", ".join(said.bears_on) or "none"


def _members(shape: dict[str, Check]) -> str:
    return "<br>".join(f"`{name}`: {described(inner)}" for name, inner in shape.items())


def _variants(name: str, check: Check) -> list[list[str]]:
    _, parts = _made_by(check)
    return [[name, f"`{kind}`", _members(_further(kind, parts)) or "none"] for kind in parts["by_tag"]]


def _variant(kind: str, parts: dict[str, Any]) -> str:
    return (
        f"`{kind}` ("
        + ", ".join(f"`{name}`: {described(inner)}" for name, inner in _further(kind, parts).items())
        + ")"
    )


def _further(kind: str, parts: dict[str, Any]) -> dict[str, Check]:
    """The members beside the one that says of which kind the object is."""
    return {name: inner for name, inner in members_of(parts["by_tag"][kind]).items() if name != parts["tag"]}


def _one_of(allowed: tuple[str, ...]) -> str:
    for name, members in LISTS.items():
        if members == allowed:
            return name
    return " or ".join(f"`{one}`" for one in allowed)


def _made_by(check: Check) -> tuple[str, dict[str, Any]]:
    """Which function of ``ledger.core.shapes`` made a check, and from what: a check is a closure over its parts."""
    return check.__qualname__.partition(".")[0], dict(getclosurevars(check).nonlocals)


def _tagged(parts: dict[str, Any]) -> str:
    return "an object whose `kind` is " + " or ".join(_variant(kind, parts) for kind in parts["by_tag"])


_COMBINED: Final[Mapping[str, Callable[[dict[str, Any]], str]]] = {
    "one_of": lambda parts: _one_of(parts["allowed"]),
    "optional": lambda parts: described(parts["inner"]) + ", or null",
    "list_of": lambda parts: "list of: " + described(parts["inner"]),
    "mapping_of": lambda parts: "object from names to: " + described(parts["inner"]),
    "members": lambda parts: (
        "object of " + ", ".join(f"`{name}` ({described(inner)})" for name, inner in parts["shape"].items())
    ),
    "tagged": _tagged,
}
"""How each function of ``ledger.core.shapes`` that makes a check from others is told."""
