"""Lines of a record's trail, each by the id of its disclosure, as the patient may name them."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ledger.core.decisions import Permit, Request
from ledger.core.facts import RecordFacts
from ledger.core.instants import Instant
from ledger.core.policy import Judge, judge_of
from ledger.core.relations import Emergency
from ledger.core.said import Said
from ledger.core.vocabulary import check_said
from ledger.domain.errors import NotPossible, Unknown
from ledger.domain.stream import stream_of
from ledger.gathering import Gatherer
from ledger.saying import By
from ledger.store.mapper import SealingMapper
from ledger.store.recorder import LedgerRecorder

_OWN: Final = frozenset({"own-record", "parent"})


class Looks:
    """Who looked, of the lines that somebody sees."""

    def __init__(
        self, recorder: LedgerRecorder, mapper: SealingMapper, gatherer: Gatherer, clock: Callable[[], Instant]
    ) -> None:
        self._recorder = recorder
        self._mapper = mapper
        self._gatherer = gatherer
        self._clock = clock

    async def viewer(self, by: By, record: str, disclosure: str) -> str:
        """Who looked; raises Unknown where no line of this id is there for the patient or a child's parent.

        Anybody else may not ask: they are named themselves, whatever the id is, and the authority refuses that.
        """
        return await self._looked(by, record, disclosure) or by.person

    async def check_asked(self, by: By, asked: Mapping[str, Any]) -> None:
        """Raise NotPossible unless a question that its author has signed names who looked; Unknown as ``viewer`` does.

        ``asked`` are the facts of the question.
        """
        check_said("access-questioned/1", asked, {"text": "why?"})
        looked = await self._looked(by, asked["record"], asked["disclosure"])
        if looked not in (None, asked["viewer"]):
            raise NotPossible(
                f"viewer: got {asked['viewer']}, wanted {looked}, who looked by disclosure {asked['disclosure']}"
            )

    async def _looked(self, by: By, record: str, disclosure: str) -> str | None:
        now = self._clock()
        facts = (await self._gatherer.gather(by.person, record, at=now, fresh=True)).facts
        judge = judge_of(facts, Request(by.person, by.acting_as, now, "trail"))
        if facts.record is None or not isinstance(judge.whole, Permit) or judge.whole.rule not in _OWN:
            return None
        look = await self._look(disclosure)
        if look is None or look.facts["record"] != record or not _is_seen(look, facts.record, judge, now):
            raise Unknown(f"disclosure {disclosure}: there is no such line for you on this trail; check the id")
        return str(look.facts["viewer"])

    async def _look(self, disclosure: str) -> Said | None:
        rows = await self._recorder.read_stream(stream_of("disclosure-made/1", {"disclosure": disclosure}))
        return self._mapper.open_facts(rows[0]) if rows else None


def _is_seen(look: Said, record: RecordFacts, judge: Judge, now: Instant) -> bool:
    """Does the patient see this line? Only where they see one of its items, and while no notice of it is delayed.

    A preview is no look of the carer's: the patient looked as the carer.
    """
    facts = look.facts
    items = [item for group in facts["permitted"] for item in group["items"]]
    if facts["via"] == "preview" or (items and not any(isinstance(judge(item), Permit) for item in items)):
        return False
    quiet = [one for one in record.emergencies.values() if one.kept_quiet(now) is not None]
    return not any(_tells_of(look, one) for one in quiet)


def _tells_of(look: Said, emergency: Emergency) -> bool:
    """Would it tell the patient of an emergency whose notice is delayed, or of the guardian's work with it?"""
    if look.position < emergency.position:
        return False
    facts = look.facts
    rests = any(emergency.position in group["evidence"] for group in facts["permitted"])
    theirs = rests or facts["purpose"] == "emergency" or not facts["permitted"]
    return facts["acting_as"] == "guardian" or (facts["viewer"] == emergency.person and theirs)
