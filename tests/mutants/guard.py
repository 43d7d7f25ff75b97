"""Edits that would open the guard: each must make a test fail. Most are of SQL or of what needs a database."""

from typing import NamedTuple


class Edit(NamedTuple):
    """In ``path`` the text ``before``, which is there once, becomes ``after``."""

    path: str
    before: str
    after: str


ADMISSION, _SEQUENCER = "ledger/store/admission.sql", "ledger/store/sequencer.py"
_COLUMNS, _GATHERING = "ledger/store/admission.py", "ledger/gathering.py"
_SAYING, _TRAIL = "ledger/saying.py", "ledger/use_cases/trail.py"

EDITS = (
    # the head's compare-and-swap
    Edit(ADMISSION, "where size = %(base)s::bigint and generation", "where generation"),
    Edit(ADMISSION, " and generation = %(generation)s::smallint\n", "\n"),
    Edit(ADMISSION, "%(base)s::bigint + %(count)s::bigint", "%(base)s::bigint + 1"),
    # the guards
    Edit(ADMISSION, "and not exists (", "and exists ("),
    Edit(ADMISSION, "left join ledger.guard", "join ledger.guard"),
    Edit(ADMISSION, "coalesce(now.version, 0)", "coalesce(now.version, 1)"),
    Edit(ADMISSION, "coalesce(now.version, 0)", "now.version"),
    Edit(ADMISSION, "coalesce(now.version, 0) <> g.version", "coalesce(now.version, 0) > g.version"),
    Edit(ADMISSION, "coalesce(now.version, 0) <> g.version", "coalesce(now.version, 0) < g.version"),
    Edit(ADMISSION, "coalesce(now.version, 0) <> g.version", "coalesce(now.version, 0) = g.version"),
    Edit(ADMISSION, "coalesce(now.version, 0) <> g.version", "false"),
    # what a fact counts
    Edit(ADMISSION, "guard.version + excluded.version", "excluded.version"),
    Edit(ADMISSION, "guard.version + excluded.version", "guard.version + 1"),
    Edit(ADMISSION, "select b.subject, b.bumps", "select b.subject, 1"),
    Edit(ADMISSION, "counters.version - f.later", "counters.version"),
    Edit(ADMISSION, "counters.version - f.later", "counters.version + f.later"),
    Edit(ADMISSION, "%(base)s::bigint + f.i", "%(base)s::bigint"),
    Edit(_COLUMNS, "left[subject] -= 1", "left[subject] -= 0"),
    Edit(_COLUMNS, "left[subject] -= 1", "left[subject] += 1"),
    Edit(_COLUMNS, '"guard_subjects": list(draft.guards),', '"guard_subjects": list(draft.guards)[:1],'),
    Edit(_COLUMNS, '"guard_versions": list(draft.guards.values())', '"guard_versions": [0 for _ in draft.guards]'),
    # what a commit that was not made leads to
    Edit(_COLUMNS, "return row is not None\n    async with", "return True\n    async with"),
    Edit(_COLUMNS, "return row is not None\n\n\nasync def fetch_head", "return True\n\n\nasync def fetch_head"),
    Edit(_SEQUENCER, "if now_at.size != made.base:", "if now_at.size == made.base:"),
    Edit(_SEQUENCER, "if now_at.size != made.base:", "if False:"),
    Edit(_SEQUENCER, "await self._catch_up(connection, now_at)", "await asyncio.sleep(0)"),
    Edit(_SEQUENCER, "now.get(subject, 0) != version", "now.get(subject, 1) != version"),
    Edit(_SEQUENCER, "now.get(subject, 0) != version", "now.get(subject, 0) == version"),
    Edit(_SEQUENCER, "now.get(subject, 0) != version", "now.get(subject, 0) > version"),
    Edit(_SEQUENCER, "now.get(subject, 0) != version", "now.get(subject, 0) < version"),
    Edit(_SEQUENCER, "[list(made.guards)]", "[list(made.guards)[:1]]"),
    Edit(_SEQUENCER, "if stale & request.guards.keys():", "if stale:"),
    Edit(_SEQUENCER, "if stale & request.guards.keys():", "if not stale & request.guards.keys():"),
    Edit(_SEQUENCER, "if not stale & request.guards.keys()]", "if not stale]"),
    Edit(_SEQUENCER, "if not stale & request.guards.keys()]", "if stale & request.guards.keys()]"),
    Edit(_SEQUENCER, "return [request for request in made.requests if not stale & request.guards.keys()]", "return []"),
    Edit(_SEQUENCER, "return await self._after_loss(connection, made) + waiting", "return waiting"),
    Edit(_SEQUENCER, "return await self._after_loss(connection, made) + waiting",
        "return await self._after_loss(connection, made)"),
    # what a decision guards
    Edit(_SAYING, "guards=guards, valid_until", "guards={}, valid_until"),
    Edit(_SAYING, "valid_until=_earlier(permit.until, key.not_after)", "valid_until=key.not_after"),
    Edit(_SAYING, "gathered.guards if rests_on_items else gathered.guards_without_contents()", "{}"),
    Edit(_SAYING, "fresh=attempt > 0)", "fresh=False)"),
    Edit(_TRAIL, "guards=gathered.guards, valid_until", "guards={}, valid_until"),
    Edit(_TRAIL, "guards=gathered.guards, valid_until", "guards=gathered.guards_without_contents(), valid_until"),
    Edit(_TRAIL, "valid_until=page.until()", "valid_until=None"),
    Edit(_TRAIL, "at=now, fresh=attempt > 0)", "at=now, fresh=False)"),
    Edit(_GATHERING, "guards = dict(viewer.guards)", "guards: dict[Subject, int] = {}"),
    Edit(_GATHERING, "guards.update(of_record.guards)", "pass"),
    Edit(_GATHERING, "guards.update(read.guards)", "pass"),
    Edit(_GATHERING, "guards.update(policy.guards)", "pass"),
    Edit(_GATHERING, "guards.update(about.guards)", "pass"),
    Edit(_GATHERING, "_teams(own | handed | set(teams),", "_teams(own | handed,"),
    Edit(_GATHERING, "_teams(own | handed | set(teams),", "_teams(own | set(teams),"),
    Edit(_GATHERING, "_teams(own | handed | set(teams),", "_teams(handed | set(teams),"),
    Edit(_GATHERING, "self._reader.person(person, fresh=fresh)", "self._reader.person(person)"),
    Edit(_GATHERING, "self._reader.record(record, fresh=fresh)", "self._reader.record(record)"),
    Edit(_GATHERING, "self._reader.team(team, fresh=fresh)", "self._reader.team(team)"),
    Edit(_GATHERING, "self._reader.policy(fresh=fresh)", "self._reader.policy()"),
    Edit(_GATHERING, "self._reader.person(subject, fresh=fresh)", "self._reader.person(subject)"),
    Edit(_GATHERING, "if self.facts.record is None:\n            return", "if True:\n            return"),
    Edit(_GATHERING, "guards = dict(self.guards)\n", "guards = self.guards\n"),
    Edit(_GATHERING, "about is None or about.fold.facts.registered is None", "about is None"),
    Edit(_GATHERING, "return max(0, *of_record", "return min(0, *of_record"),
    Edit(_GATHERING, "return max(0, *of_record", "return max(*of_record"),
    Edit(_GATHERING, ", *(team.upto for team in facts.teams.values()))", ")"),
    Edit(_GATHERING, "else (facts.record.upto,)", "else ()"),
)  # fmt: skip
