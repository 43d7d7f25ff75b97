"""Schemathesis over the API's document: requests that fit it and requests that do not, each answer held to it."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import schemathesis.openapi
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.openapi.checks import RejectedPositiveData

from tests.schema.serving import Caller, Serving

SEED: Final = 7
PHASES: Final = ("examples", "coverage", "fuzzing", "stateful")
REFUSALS: Final = (400, 401, 403, 404, 405, 409, 413, 415, 422, 429)
"""How what does not fit the document may be answered."""
HEARD: Final = (200, 201, 303, 400, 401, 403, 404, 409, 429)
"""How what fits it may be answered: not as malformed. A cursor that is none of ours is 400."""
BEYOND_A_SCHEMA: Final[Mapping[str, str]] = {
    "people.enrol_key": "a public key is a point of its curve",
    "people.set_policy": "ages keep within the law, and a topic stays",
    "people.register": "an NHS number has a check digit",
    "care.start": "either a person or a team",
    "presets.plan": "a person, but for nobody; kinds and topics with a colon",
    "presets.carry_out": "a person, but for nobody",
    "items.withhold": "a review after its opinion",
    "trail.open": "in person, where a clinician is there",
    "trail.open_item": "in person, where a clinician is there",
    "trail.as_of": "of what they would have opened it for, one that is theirs",
    "trail.days": "a day that exists, and a time zone that there is",
    "statements.submit": "a statement that somebody signed",
    "sharing.direct": "a time zone that there is, and hours that close after they open",
    "cases.assign": "a record, a person or a period, and a period that ends after it began",
    "log.prove_consistency": "an older tree that is no larger than the newer one",
    "log.prove_inclusion": "a position within the tree",
    "identities.link": "a provider that is configured",
    "invitations.accept_at_provider": "a provider that is configured",
    "invitations.accept": "what an authenticator made",
    "passkeys.make": "what an authenticator made",
    "session.again": "what an authenticator signed",
    "sign_in.passkey": "what an authenticator signed",
}
"""Where a request may fit the document and be malformed all the same: what no JSON Schema says."""


@dataclass
class Found:
    """How requests were answered, by status, and what was wrong with the answers, by operation and kind of fault."""

    beyond: frozenset[str] = frozenset()
    """Operations of which a request that fits the document may be malformed all the same."""
    statuses: Counter[int] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        return self.statuses.total()


def ask(
    serving: Serving,
    caller: Caller,
    names: Collection[str],
    *,
    phases: Collection[str] = ("fuzzing",),
    examples: int,
    seed: int = SEED,
) -> Found:
    """Ask these operations as somebody, and hold every answer to the document with every check there is.

    ``examples``: how often each operation is asked, more or less.
    """
    config = _config(serving, caller, phases, examples, seed)
    schema = schemathesis.openapi.from_dict(serving.document, config=config)
    found = Found(frozenset(_label(serving, name) for name in BEYOND_A_SCHEMA))
    for event in from_schema(schema.include(operation_id=list(names))).execute():
        _take(event, found)
    return found


def _label(serving: Serving, name: str) -> str:
    """How an operation is named in what is found."""
    operation = serving.place.operations[name]
    return f"{operation.method} {operation.path}"


def _config(serving: Serving, caller: Caller, phases: Collection[str], examples: int, seed: int) -> SchemathesisConfig:
    # Ids that are there, so that requests come past the first check; and sometimes any.
    real = {f"path.{name}": {"dictionary": name, "probability": 0.8} for name in caller.ids}
    query = {f"query.{name}": value for name, value in caller.query.items()}
    return SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "base-url": serving.url,
            "auth": {"openapi": {"bearer": {"bearer": caller.token}}},
            "continue-on-failure": True,
            "warnings": False,
            "generation": {
                "max-examples": examples,
                "deterministic": True,
                "no-shrink": True,
                "with-security-parameters": False,
            },
            "dictionaries": {name: {"values": [one]} for name, one in caller.ids.items()},
            "parameters": {**real, **query},
            "phases": {phase: {"enabled": phase in phases} for phase in PHASES},
            "checks": {
                "enabled": True,
                "negative_data_rejection": {"expected-statuses": [*REFUSALS]},
                "positive_data_acceptance": {"expected-statuses": [*HEARD]},
            },
        }
    )


def _take(event: Any, found: Found) -> None:
    if isinstance(event, events.FatalError):
        raise event.exception
    if isinstance(event, events.NonFatalError):
        found.faults.setdefault(f"{event.label}: {type(event.value).__name__}", repr(event.value)[:1000])
    if isinstance(event, events.ScenarioFinished):
        _take_scenario(event.recorder, found)


def _take_scenario(recorder: Any, found: Found) -> None:
    answers = {name: one.response for name, one in recorder.interactions.items() if one.response is not None}
    found.statuses.update(answer.status_code for answer in answers.values())
    for name, nodes in recorder.checks.items():
        for failed in (node.failure_info.failure for node in nodes if node.failure_info is not None):
            if isinstance(failed, RejectedPositiveData) and recorder.label in found.beyond:
                continue
            request, answer = recorder.interactions[name].request, answers.get(name)
            told = "" if answer is None else f"{answer.status_code} {answer.content[:400]!r}"
            fault = f"{recorder.label}: {type(failed).__name__}"
            found.faults.setdefault(fault, f"{request.method} {request.uri} {request.body!r:.400}: {told}: {failed}")


def shares(names: Iterable[str], roles: Sequence[str], turn: int = 0) -> dict[str, list[str]]:
    """The operations dealt out among roles, so that each is asked by one of them; in another turn, by the next."""
    dealt: dict[str, list[str]] = {role: [] for role in roles}
    for n, name in enumerate(sorted(names)):
        dealt[roles[(n + turn) % len(roles)]].append(name)
    return dealt
