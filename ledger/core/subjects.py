"""What a statement bears on: the subjects whose guard counters it bumps.

A decision rests on facts about subjects: the contents of a record, the relations around a record, a
person, a team, an auditor's cases, the policy. Each has one counter, and every fact about it counts
one further, so a decision that read counter 7 is stale as soon as an eighth fact is admitted
(``docs/reference/format.md``, section 5). Contents and relations are counted apart so that two notes
added to one record at the same time do not disturb each other.

A subject is named by what it is and whose it is (RFC 9562, section 5.5). Authors choose ids, so a bare id will not
do: a team formed under a person's id would share that person's counter, and count one statement twice.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NewType
from uuid import UUID, uuid5

from ledger.core.vocabulary import STATEMENT_TYPES

Subject = NewType("Subject", UUID)

_SPACE: Final = UUID("6f1a6f0c-5c37-5d0e-9d0a-6b0f3a5f2b11")
POLICY: Final = Subject(uuid5(_SPACE, "policy"))


# The same few are asked for again and again, and making a UUID takes longer than most of a decision.
_remembered: Final = lru_cache(maxsize=16384)


@_remembered
def contents_of(record: str) -> Subject:
    """The items of a record."""
    return Subject(uuid5(_SPACE, "contents/" + record))


@_remembered
def relations_of(record: str) -> Subject:
    """Care, sharing, carers and emergencies of a record."""
    return Subject(uuid5(_SPACE, "relations/" + record))


@_remembered
def person(person_id: str) -> Subject:
    """A person's roles, teams and keys."""
    return Subject(uuid5(_SPACE, "person/" + person_id))


@_remembered
def team(team_id: str) -> Subject:
    """A team's members and profile."""
    return Subject(uuid5(_SPACE, "team/" + team_id))


@_remembered
def cases_of(auditor: str) -> Subject:
    """The cases assigned to an auditor."""
    return Subject(uuid5(_SPACE, "cases/" + auditor))


_MEMBER: Final = {
    "content": ("record", contents_of),
    "relations": ("record", relations_of),
    "person": ("person", person),
    "team": ("team", team),
    "auditor": ("auditor", cases_of),
}


def subjects_of(statement_type: str, facts: Mapping[str, Any]) -> tuple[Subject, ...]:
    """The subjects a statement bears on, in a fixed order; none for a disclosure."""
    return tuple(
        POLICY if bearing == "policy" else _MEMBER[bearing][1](facts[_MEMBER[bearing][0]])
        for bearing in STATEMENT_TYPES[statement_type].bears_on
    )
