"""Presets carried out: what is still to be said for one, shown first, then said step by step."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from ledger.core.decisions import Permit, Request
from ledger.core.directives import Scope
from ledger.core.instants import Instant
from ledger.core.policy import judge_of
from ledger.core.presets import PRESETS, Chosen, Step, steps_of
from ledger.domain.errors import NotAllowed, Unknown
from ledger.gathering import Gathered, Gatherer
from ledger.saying import Answer, By, Speaker
from ledger.store.errors import Conflict
from ledger.use_cases.sharing import Directing, SharingChoices

MOST_STEPS: Final = 4096
"""Statements of one preset: as many as a record has directives, and no more than somebody else undoes meanwhile."""
IN_THE_PATIENTS_PLACE: Final = frozenset({"own-record", "parent"})
"""The rules by which somebody opens the record as the patient: they, or the parent of a child."""


class Presets:
    """A few words of the patient's, carried out as the directives that mean them (``ledger.core.presets``)."""

    def __init__(
        self, speaker: Speaker, gatherer: Gatherer, sharing: SharingChoices, clock: Callable[[], Instant]
    ) -> None:
        self._speaker = speaker
        self._gatherer = gatherer
        self._sharing = sharing
        self._clock = clock

    async def plan(self, by: By, record: str, chosen: Chosen) -> list[Step]:
        """What would be said, in its order; nothing where all is as the preset means.

        Raises NotAllowed for whoever does not decide here (which is on the trail) and for a person who is no carer,
        Unknown for what is ticked and not there. Whoever shows a plan to somebody asks ``trail.open`` first.
        """
        now = self._clock()
        gathered = await self._gatherer.gather(by.person, record, at=now, subject=chosen.person, fresh=True)
        judge = judge_of(gathered.facts, Request(by.person, by.acting_as, now))
        known = gathered.facts.record
        if known is None or not isinstance(judge.whole, Permit) or judge.whole.rule not in IN_THE_PATIENTS_PLACE:
            raise await self._refused(by, record, "not-the-patient")
        if chosen.preset != "stop" and chosen.person not in known.carers:
            raise await self._refused(by, record, "not-a-carer")
        for kind, of in chosen.ticked:
            if kind == "item" and not isinstance(judge(of), Permit):
                raise Unknown(f"item {of}: there is no such item for you in this record; check the id")

        def sees(item: str) -> bool:
            return isinstance(judge(item), Permit)

        return steps_of(known, chosen, now, teams=_teams(gathered, now), sees=sees)

    async def carry_out(self, by: By, record: str, chosen: Chosen) -> list[tuple[Step, Answer]]:
        """Say what is still to be said, each step decided anew; a second time says nothing.

        Stopped half-way, nothing is open that was not and is not meant; say it again to finish. Raises as ``plan``
        and as each statement does, and Conflict where others keep changing what is shared.
        """
        each = replace(by, statement_id=None)  # one id is for one statement, and a preset is several
        said: list[tuple[Step, Answer]] = []
        while steps := await self.plan(each, record, chosen):
            if len(said) >= MOST_STEPS:
                raise Conflict(f"preset {chosen.preset}: what is shared changed all the time meanwhile; try again")
            said.append((steps[0], await self._say(each, record, chosen, steps[0])))
        return said

    async def _say(self, by: By, record: str, chosen: Chosen, step: Step) -> Answer:
        if step.does == "stop":
            return await self._sharing.stop(by, record)
        if step.does == "freeze":
            return await self._sharing.freeze(by, record, str(chosen.person))
        if step.does == "withdraw":
            return await self._sharing.withdraw(by, record, str(step.directive))
        grantee = {"kind": "person", "id": chosen.person}
        scope = scope_as_said(step.scope or ("", ""))
        return await self._sharing.direct(by, record, Directing(grantee, scope, step.does, replaces=step.directive))

    async def _refused(self, by: By, record: str, rule: str) -> NotAllowed:
        await self._speaker.record_refusal(by, "directive-made/1", record, rule)
        return NotAllowed(f"preset: refused by rule {rule} to {by.acting_as} {by.person}", rule)


def scope_as_said(scope: Scope) -> dict[str, Any]:
    """A scope as statements have it."""
    kind, of = scope
    return {"kind": kind} if kind == "everything" else {"kind": kind, "of": of}


def _teams(gathered: Gathered, now: Instant) -> list[str]:
    """The teams of the carer, also those that they are still to join."""
    carer = gathered.facts.subject
    return [] if carer is None else [team for team, term in carer.teams.items() if not term.over(now)]


__all__ = ["PRESETS", "Chosen", "Presets", "Step", "scope_as_said"]
