"""What stories tell of those around a patient: carers, parents, powers, capacity, best interests."""

from datetime import timedelta

from ledger.core.instants import DAY, Instant
from ledger.use_cases.representation import Finding, Instrument, Opening, ParentalReview
from tests.absence.telling import Gone, Teller
from tests.absence.worlds import World


def name_carer(teller: Teller, person: str, relation: str) -> None:
    """The patient names a carer."""
    by, record = teller.by(teller.patient), teller.record
    teller.step("name carer", lambda world, _: world.ledger.care.name_carer(by, record, person, relation))


def parent(teller: Teller) -> None:
    """Sam is the parent of a child of four, or of thirteen."""
    stated, registered = teller.by(teller.ada), teller.by(teller.ada)
    born = teller.today() - timedelta(days=365 * teller.rng.choice((4, 13)))
    record, sam = teller.record, teller.sam.person
    teller.parentals.append(teller.name(registered, "parental"))
    teller.step("birth", lambda world, _: world.ledger.representation.state_birth(stated, record, born))
    teller.step("parent", lambda world, _: world.ledger.representation.register_parent(registered, record, sam))


def power(teller: Teller) -> None:
    """Sam holds a power over treatment and care."""
    by, record = teller.by(teller.ada), teller.record
    teller.powers.append(teller.name(by, "power"))
    sam, matters, today = teller.sam.person, ["treatment", "care"], teller.today()
    instrument = Instrument(sam, "attorney", matters, "jointly-and-severally", today)
    teller.step("power", lambda world, _: world.ledger.representation.register_power(by, record, instrument))


def assess(teller: Teller, matter: str) -> None:
    """Without capacity for a matter; named parts that are gone are not named."""
    by, record, parts, text = teller.by(teller.okafor), teller.record, teller.parts(), teller.text()
    until = Instant(teller.now + 60 * DAY)
    teller.assessments.append(teller.name(by, "assessment"))

    async def say(world: World, gone: Gone) -> None:
        relevant = [part for part in parts if part["of"] not in gone]
        finding = Finding(matter, "lacks", text, until, relevant)
        await world.ledger.representation.assess_capacity(by, record, finding)

    teller.step("assess", say)


def review_parent(teller: Teller) -> None:
    """From the age of review on, a parent sees named parts."""
    by, record, parts, text = teller.by(teller.okafor), teller.record, teller.parts(), teller.text()
    parental, until = teller.parentals[0], Instant(teller.now + 60 * DAY)

    async def say(world: World, gone: Gone) -> None:
        scope = [part for part in parts if part["of"] not in gone]
        review = ParentalReview(scope, until, text)
        await world.ledger.representation.review_parent(by, record, parental, review)

    teller.step("review parent", say)


def best_interests(teller: Teller) -> None:
    """What Sam is let see while the patient cannot decide about sharing."""
    assess(teller, "sharing")
    by, record, parts, text = teller.by(teller.okafor), teller.record, teller.parts(), teller.text()
    assessment, sam, until = teller.assessments[-1], teller.sam.person, Instant(teller.now + 20 * DAY)
    teller.opened_in_best_interests.append(teller.name(by, "best_interests"))

    async def say(world: World, gone: Gone) -> None:
        scope = [part for part in parts if part["of"] not in gone]
        opening = Opening(sam, scope, until, text)
        await world.ledger.representation.disclose_in_best_interests(by, record, assessment, opening)

    teller.step("best interests", say, teller.opened_in_best_interests[-1])
