"""A story to test with: people with names around one record, and a follower that keeps up with what they say.

Amina is the patient, Sam her son and carer. Dr Okafor and Dr Lind are of the practice that cares for her; Dr Moss is
a locum from elsewhere. Ruth audits, Greta is the guardian; Ada and Bert administer.
"""

import asyncio
import importlib
import importlib.util
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields

from api.clock import clock
from ledger.disclosure import Disclosure
from ledger.ledger import Ledger, open_ledger
from ledger.openings import reconcile
from ledger.saying import By
from ledger.store.mapper import SealingMapper
from ledger.use_cases.items import Draft
from ledger.use_cases.sharing import Directing
from ledger.use_cases.trail import Asked
from projections.access_trail import AccessTrail
from projections.all import ALL_PROJECTIONS
from projections.directory import Directory
from projections.follow import Follower, following
from projections.timeline import Timeline
from projections.views import carer, clinician, patient
from projections.views.carer import CarerView
from projections.views.clinician import ClinicianView
from projections.views.patient import PatientView
from tests.keyring import fixed_keyring
from tests.postgres_fixture import Database

KEYRING = fixed_keyring()
NAMES = ("Amina Diallo", "Sam Diallo", "Dr Okafor", "Dr Lind", "Dr Moss", "Ruth Abara", "Greta Holm")


@dataclass(frozen=True)
class Beginning:
    """Who came in, their practice and the record: all that one needs to go on in a copy of the database."""

    ada: By
    bert: By
    amina: By
    sam: By
    okafor: By
    lind: By
    moss: By
    ruth: By
    greta: By
    practice: str
    record: str


@dataclass(frozen=True)
class Story(Beginning):
    """An open ledger and the people in it; each person is a ``By``, so they can speak and ask."""

    database: Database
    ledger: Ledger
    follower: Follower
    timeline: Timeline
    directory: Directory
    trail: AccessTrail

    async def note(self, text: str, *, kind: str = "note", by: By | None = None, title: str | None = None,
                   topics: tuple[str, ...] = ()) -> str:  # fmt: skip
        """Add an item (by Dr Okafor, if nobody is named) and give its id."""
        answer = await self.ledger.items.add(by or self.okafor, self.record, Draft(kind, text, title, topics))
        return str(answer.facts["item"])

    async def share(self, scope: dict[str, str], grantee: By | None = None) -> str:
        """Amina shares a part with Sam (or somebody else); gives the directive's id."""
        to = {"kind": "person", "id": (grantee or self.sam).person}
        answer = await self.ledger.sharing.direct(self.amina, self.record, Directing(to, scope))
        return str(answer.facts["directive"])

    async def opened(self, by: By, *, item: str | None = None, limit: int = 50) -> Disclosure:
        """Open the record, or one item of it."""
        purposes = {"patient": "own-record", "carer": "shared-with-me", "auditor": "audit"}
        asked = Asked(self.record, purposes.get(by.acting_as, "appointment"), item=item, limit=limit)
        return await self.ledger.trail.open(by, asked)

    async def clinician_view(self, by: By | None = None, *, item: str | None = None) -> ClinicianView:
        return await clinician.build(self.ledger, self.timeline, await self.opened(by or self.okafor, item=item))

    async def patient_view(self, *, item: str | None = None) -> PatientView:
        return await patient.build(self.ledger, self.timeline, await self.opened(self.amina, item=item))

    async def carer_view(self, by: By | None = None, *, item: str | None = None) -> CarerView:
        return await carer.build(self.ledger, self.timeline, await self.opened(by or self.sam, item=item))

    async def settled(self) -> None:
        """Return when the projections have taken in all that was said."""
        await self.follower.wait_until(await self.ledger.rows.size() - 1)

    async def assert_sound(self) -> None:
        """Verify the whole ledger, where the verification is there to do it."""
        if importlib.util.find_spec("tests.soundness") is not None:
            soundness = importlib.import_module("tests.soundness")
            await asyncio.to_thread(soundness.assert_ledger_sound, self.database.dsn(), KEYRING)


async def assert_accounted(ledger: Ledger) -> None:
    """Whatever words were opened, a disclosure accounts for it."""
    found = await reconcile(ledger.rows, SealingMapper(ledger.keyring))
    assert found.ok, [str(one) for one in found.findings]


@asynccontextmanager
async def story_of(
    database: Database, begun: Beginning | None = None, *, accounted: bool = True
) -> AsyncIterator[Story]:
    """Open a ledger, with a follower; where nothing has begun in the database yet, let everybody come in.

    At the end, every opening of words in it must be one that a disclosure accounts for, if it is to be ``accounted``.
    """
    async with (
        open_ledger(database.dsn(), KEYRING, clock) as ledger,
        following(ledger, database.dsn(), ALL_PROJECTIONS) as follower,
    ):
        began = begun or await _begin(ledger)
        read = (Timeline(follower), Directory(follower), AccessTrail(follower))
        story = Story(*vars(began).values(), database, ledger, follower, *read)
        await story.settled()
        yield story
        if accounted:
            await assert_accounted(ledger)


async def begin_in(database: Database) -> Beginning:
    """Let everybody come in, and leave the database to be copied."""
    async with story_of(database) as story:
        return Beginning(**{field.name: getattr(story, field.name) for field in fields(Beginning)})


async def _begin(ledger: Ledger) -> Beginning:
    ada, bert = (By(founder, "administrator") for founder in ledger.people.founders)
    people = [str((await ledger.people.register(ada, name)).facts["person"]) for name in NAMES]
    amina, sam, okafor, lind, moss, ruth, greta = people
    for person in (okafor, lind, moss):
        await ledger.people.grant(ada, person, "clinician")
    for person, role in ((ruth, "auditor"), (greta, "guardian")):
        await ledger.people.grant(ada, person, role)
        await ledger.people.approve(bert, person, role)
    practice = str((await ledger.people.form_team(ada, "The Practice")).facts["team"])
    for person in (okafor, lind):
        await ledger.people.join_team(ada, practice, person)
    record = str((await ledger.care.open_record(ada, amina)).facts["record"])
    await ledger.care.start(ada, record, ground="referral", team=practice)
    await ledger.care.name_carer(By(amina, "patient"), record, sam, "son")
    return Beginning(
        ada, bert, By(amina, "patient"), By(sam, "carer"),
        *(By(person, "clinician") for person in (okafor, lind, moss)), By(ruth, "auditor"), By(greta, "guardian"),
        practice, record,
    )  # fmt: skip
