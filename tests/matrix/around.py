"""A record with everybody around it: who is asked about, and the things in it that paths and bodies name."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from api.sign_in.passkeys import KeptPasskey
from api.sign_in.place import Place
from ledger.core.instants import DAY, HOUR, Instant, format_instant
from ledger.core.terms import KINDS
from ledger.ledger import Ledger
from ledger.saying import By
from ledger.use_cases.items import Draft
from ledger.use_cases.representation import Finding, Instrument, Opening
from ledger.use_cases.sharing import Conversation, Directing
from ledger.use_cases.trail import Asked
from tests.matrix.cast import AS_PATIENT, Cast, named
from tests.sign_in.authenticator import Authenticator, Browser

AT: Final = Place.of("http://localhost:8420")
EVERYTHING: Final = {"kind": "everything"}
PARTS: Final = [{"kind": "kind", "of": kind} for kind in KINDS]


@dataclass(frozen=True)
class Around:
    """One record, and how to put things into it. Each ``a_…`` makes a new one and gives its id."""

    ledger: Ledger
    cast: Cast
    patient: By
    record: str
    item: str
    power: str
    emergency: str
    case: str
    parental: str | None

    # instants and days

    def ahead(self, milliseconds: int = HOUR) -> Instant:
        return Instant(self.ledger.clock() + milliseconds)

    def until(self, milliseconds: int = HOUR) -> str:
        return format_instant(self.ahead(milliseconds))

    @property
    def today(self) -> date:
        return datetime.fromtimestamp(self.ledger.clock() / 1000, UTC).date()

    # people

    async def a_person(self) -> str:
        return named(await self.ledger.people.register(self.cast.ada, "Somebody else"), "person")

    async def a_passkey(self, person: str | None = None) -> KeptPasskey:
        """A passkey that signs in, and that nobody has enrolled."""
        passkeys, whom = self.cast.doors.passkeys, person or await self.a_person()
        options = await passkeys.options_to_make(whom, "", AT, "")
        made = Authenticator().make(options, Browser(AT.origin))
        return await passkeys.make(whom, made, AT, "My phone", "")

    async def a_carer(self) -> str:
        person = await self.a_person()
        await self.ledger.care.name_carer(self.patient, self.record, person, "friend")
        return person

    async def a_parental(self) -> str:
        return named(
            await self.ledger.representation.register_parent(self.cast.ada, self.record, await self.a_person()),
            "parental",
        )

    # items

    async def an_item(self, kind: str = "note", by: By | None = None, **how: Any) -> str:
        draft = Draft(kind, "Slept better.", **how)
        return named(await self.ledger.items.add(by or self.cast.okafor, self.record, draft), "item")

    async def a_dispute(self) -> str:
        return named(await self.ledger.items.dispute(self.patient, self.record, self.item, "No."), "item")

    async def a_declined_dispute(self) -> str:
        dispute = await self.a_dispute()
        await self.ledger.items.answer_dispute(self.cast.lind, self.record, dispute, "declined", "Yes.")
        return dispute

    async def a_held_result(self) -> str:
        result = await self.an_item("result")
        await self.ledger.items.hold(self.cast.okafor, self.record, result, self.ahead(), "In person.")
        return result

    async def a_confidence(self) -> str:
        return await self.an_item("contribution", self.cast.sam, in_confidence=True)

    async def a_confidence_asked_about(self) -> str:
        item = await self.a_confidence()
        await self.ledger.items.ask_leave(self.cast.okafor, self.record, item, "May we?")
        return item

    async def a_wish(self, *, signed: bool = False) -> str:
        item = named(await self.ledger.wishes.draft(self.patient, self.record, "My sister first."), "item")
        if signed:
            await self.ledger.wishes.sign(self.patient, self.record, item)
        return item

    async def a_withholding(self) -> tuple[str, str]:
        item = await self.an_item()
        answer = await self.ledger.items.withhold(
            self.cast.okafor, self.record, item, kept_from="carers", ground="third-party", opinion=self.today,
            review=self.today + timedelta(days=90), reason="It names a neighbour.",
        )  # fmt: skip
        return item, named(answer, "withholding")

    async def an_erasure(self) -> tuple[str, str]:
        item = await self.an_item()
        asked = await self.ledger.erasing.ask(self.patient, self.record, item, "consent-withdrawn", "Told to one only.")
        return item, named(asked, "erasure")

    # what is said of the record

    async def a_care(self) -> str:
        answer = await self.ledger.care.start(
            self.cast.ada, self.record, ground="referral", team=self.cast.teams[0], until=self.ahead()
        )
        return named(answer, "care")

    async def a_directive(self) -> str:
        to = Directing({"kind": "person", "id": await self.a_carer()}, EVERYTHING)
        return named(await self.ledger.sharing.direct(self.patient, self.record, to), "directive")

    async def a_together(self) -> str:
        carer = await self.a_carer()
        answer = await self.ledger.sharing.start_together(self.patient, self.record, carer, self.ahead())
        return named(answer, "together")

    async def a_look(self) -> str:
        return (await self.ledger.trail.open(self.cast.okafor, Asked(self.record, "appointment"))).id

    async def a_question(self) -> str:
        look = await self.a_look()
        return named(await self.ledger.sharing.question_access(self.patient, self.record, look, "Why?"), "question")

    async def an_emergency(self) -> str:
        said = self.ledger.sharing.open_emergency(
            self.cast.hale, self.record, "life-at-risk", "Unconscious.", self.ahead()
        )
        return named(await said, "emergency")

    async def a_conversation(self) -> str:
        said = self.ledger.sharing.hold_conversation(self.cast.okafor, self.record, Conversation("not-now", None))
        return named(await said, "conversation")

    async def an_assessment(self, matter: str = "research") -> str:
        finding = Finding(matter, "lacks", "Cannot weigh it.", self.ahead(DAY), PARTS)
        return named(
            await self.ledger.representation.assess_capacity(self.cast.okafor, self.record, finding), "assessment"
        )

    async def a_power(self, *, joint: bool = False) -> str:
        terms, holders = ("jointly", 2) if joint else ("jointly-and-severally", 1)
        instrument = Instrument(self.cast.vera.person, "attorney", ["care"], terms, date(2026, 1, 1), holders)
        said = self.ledger.representation.register_power(self.cast.ada, self.record, instrument)
        return named(await said, "power")

    async def a_best_interests(self) -> str:
        assessment = await self.an_assessment("sharing")
        opening = Opening(self.cast.noor.person, [{"kind": "kind", "of": "plan"}], self.ahead(), "She cares for him.")
        said = self.ledger.representation.disclose_in_best_interests(self.cast.okafor, self.record, assessment, opening)
        return named(await said, "best_interests")

    async def a_case(self) -> str:
        case = await self.ledger.cases.assign(
            self.cast.ada, self.cast.ruth.person, "A complaint.", record=self.record, until=self.ahead(DAY)
        )
        return named(case, "case")


async def around(ledger: Ledger, cast: Cast, *, years: int | None = None) -> Around:
    """Open a record of a new patient with everybody around it; a child of so many years has Paula as a parent."""
    patient = By(named(await ledger.people.register(cast.ada, "A patient"), "person"), AS_PATIENT)
    record = named(await ledger.care.open_record(cast.ada, patient.person), "record")
    await ledger.care.start(cast.ada, record, ground="referral", team=cast.practice)
    for carer in (cast.sam, cast.noor, cast.omar, cast.eva):
        await ledger.care.name_carer(patient, record, carer.person, "family")
    for carer in (cast.sam, cast.omar, cast.eva):
        to = Directing({"kind": "person", "id": carer.person}, EVERYTHING)
        await ledger.sharing.direct(patient, record, to)
    await ledger.sharing.suspend(patient, record, cast.omar.person)
    await ledger.care.end_carer(patient, record, cast.eva.person)
    made = Around(ledger, cast, patient, record, "", "", "", "", None)
    emergency, case, item = await made.an_emergency(), await made.a_case(), await made.an_item()
    parental, power = None, ""
    if years is None:
        power = await made.a_power()
        await made.an_assessment("care")
    else:
        await ledger.representation.state_birth(cast.ada, record, made.today - timedelta(days=366 * years))
        parental = named(await ledger.representation.register_parent(cast.ada, record, cast.paula.person), "parental")
    return Around(ledger, cast, patient, record, item, power, emergency, case, parental)
