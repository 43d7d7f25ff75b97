"""What a statement type is: the shapes of its bodies, and what it belongs to. The types are in ``vocabulary``."""

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.core.shapes import Check, clock, list_of, members, name, one_of, position, tagged, text, uuid
from ledger.core.terms import KINDS

GRANTEE = tagged("kind", person={"id": uuid}, team={"id": uuid}, all_carers={})
PART = tagged("kind", item={"of": uuid}, topic={"of": name}, kind={"of": one_of(*KINDS)})
SCOPE = tagged("kind", item={"of": uuid}, topic={"of": name}, kind={"of": one_of(*KINDS)}, everything={})
CONDITION = tagged(
    "kind",
    together={},
    hours={"zone": text, "days": list_of(position, at_most=7), "from": clock, "until": clock},
    when_unwell={},
)
PROFILE = members({"kinds": list_of(one_of(*KINDS)), "topics": list_of(name)})
AGES = members({"review": position, "ends": position, "refusal": position})


@dataclass(frozen=True, slots=True)
class StatementType:
    """The shape of one statement type.

    ``facts`` and ``words`` check a body; ``words`` is None where nothing can be said in words.
    ``stream`` names the facts member that identifies the aggregate, ``aggregate`` its kind.
    ``bears_on`` names the guard counters it bumps (``ledger.core.subjects``). ``public`` names what it says in
    clear (``ledger.core.public``).
    """

    facts: Check
    words: Check | None
    aggregate: str
    stream: str
    bears_on: tuple[str, ...]
    public: str | None = None
    words_required: bool = True


def of_item(
    facts: Mapping[str, Check], words: Check | None, *, required: bool = True, public: str | None = None
) -> StatementType:
    """About one item of a record."""
    shape = members({"record": uuid, "item": uuid, **facts})
    return StatementType(shape, words, "item", "item", ("content",), public=public, words_required=required)


def of_sharing(facts: Mapping[str, Check], words: Check | None = None, *, required: bool = True) -> StatementType:
    """About who may see what of a record."""
    shape = members({"record": uuid, **facts})
    return StatementType(shape, words, "sharing", "record", ("relations",), words_required=required)


def of_representation(
    facts: Mapping[str, Check], words: Check | None = None, *, required: bool = True
) -> StatementType:
    """About who decides for the patient of a record, and when."""
    shape = members({"record": uuid, **facts})
    return StatementType(shape, words, "representation", "record", ("relations",), words_required=required)


def of_care(facts: Mapping[str, Check], words: Check | None = None) -> StatementType:
    """About who is around a record."""
    return StatementType(members({"record": uuid, **facts}), words, "care", "record", ("relations",))


def of_person(facts: Mapping[str, Check], words: Check | None = None, *, public: str | None = None) -> StatementType:
    """About a person."""
    return StatementType(members({"person": uuid, **facts}), words, "person", "person", ("person",), public=public)


def of_team(facts: Mapping[str, Check], words: Check | None = None, *also: str) -> StatementType:
    """About a team, and (``also``) somebody in it."""
    return StatementType(members({"team": uuid, **facts}), words, "team", "team", ("team", *also))
