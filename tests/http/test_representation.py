"""Who decides, over HTTP: an attorney, a parent, a best-interests decision; what death and a transfer do."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import pytest_asyncio

from ledger.core.instants import DAY, HOUR, format_instant
from ledger.saying import By
from ledger.use_cases.sharing import Directing
from tests.http.living import asked, later, neighbour
from tests.http.served import Client, Served, problem

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def served(service: Served) -> Served:
    return await neighbour(service)


async def signed_in(served: Served, *who: str) -> list[Client]:
    return [await served.sign_in(getattr(served.story, one)) for one in who]


async def somebody(served: Served, name: str, acting_as: str) -> By:
    registered = await served.story.ledger.people.register(served.story.ada, name)
    return By(str(registered.facts["person"]), acting_as)


async def seen(client: Client, served: Served, **query: Any) -> set[str]:
    """The texts of the record's items that somebody sees."""
    return {item["text"] for item in (await asked(client, served.record, **query))["items"]}


def soon(served: Served, milliseconds: int = HOUR) -> str:
    return format_instant(later(served, milliseconds))


def years_ago(years: int, days: int = 0) -> str:
    """The birthday of somebody who turned this old so many days ago."""
    today = datetime.now(UTC).date()
    born = date.fromordinal(today.toordinal() - days)
    return born.replace(year=born.year - years, day=min(born.day, 28)).isoformat()


def assert_refused(answer: Any, rule: str) -> None:
    assert problem(answer, 403, "not-allowed")["rule"] == rule


async def test_an_attorney_sees_what_bears_on_a_decision_only_while_the_patient_cannot_make_it(served: Served) -> None:
    story = served.story
    ada, amina, okafor, sam = await signed_in(served, "ada", "amina", "okafor", "sam")
    paul = await served.sign_in(await somebody(served, "Paul Diallo", "attorney"))
    await story.note("Penicillin.", kind="allergy")
    await story.note("Works on Tuesdays.")
    problem(await paul.get(served.record), 404, "unknown")
    power = {"person": paul.by.person, "kind": "attorney", "matters": ["treatment"], "terms": "jointly-and-severally"}
    path = f"{served.record}/powers"
    assert_refused(await ada.post(path, **power), "not-registered")
    assert_refused(await okafor.post(path, **power, registered_on="2024-03-01"), "role-missing")
    registered = await ada.say(path, **power, registered_on="2024-03-01")
    assert await seen(paul, served) == set()
    lacks = {
        "matter": "treatment", "outcome": "lacks", "relevant": [{"kind": "kind", "of": "allergy"}],
        "text": "Could not weigh it.", "until": soon(served, DAY),
    }  # fmt: skip
    assert_refused(await sam.post(f"{served.record}/capacity", **lacks), "role-missing")
    assessed = await okafor.say(f"{served.record}/capacity", **lacks)
    assert await seen(paul, served) == {"Penicillin."}
    told = await asked(okafor, f"{served.record}/sharing")
    assert [(one["matter"], one["outcome"]) for one in told["capacity"]] == [("treatment", "lacks")]
    assert [one["held_by"][0]["name"] for one in told["powers"]] == ["Paul Diallo"]
    assert told["powers"][0]["acting"] == [paul.by.person]
    [look] = await story.ledger.read(await served.size() - 1, 1)
    assert [group["items"] for group in look.facts["permitted"]] == [[assessed["ids"]["assessment"]]]
    withdrawal = f"{served.record}/capacity/{assessed['ids']['assessment']}/withdrawal"
    await okafor.say(withdrawal, reason="She decides again.")
    assert await seen(paul, served) == set()
    assert (await asked(okafor, f"{served.record}/sharing"))["capacity"] == []
    await okafor.say(f"{served.record}/capacity", **lacks)
    await amina.say(f"{path}/{registered['ids']['power']}/holders/{paul.by.person}/end")
    problem(await paul.get(served.record), 404, "unknown")


async def test_a_joint_power_acts_while_every_holder_says_so(served: Served) -> None:
    story = served.story
    ada, okafor = await signed_in(served, "ada", "okafor")
    paul, nora = [await served.sign_in(await somebody(served, name, "attorney")) for name in ("Paul", "Nora")]
    await story.note("Penicillin.", kind="allergy")
    power = {"kind": "attorney", "matters": ["treatment"], "terms": "jointly", "holders": 2}
    path = f"{served.record}/powers"
    first = await ada.say(path, **power, person=paul.by.person, registered_on="2024-03-01")
    named = first["ids"]["power"]
    await ada.say(path, **power, person=nora.by.person, registered_on="2024-03-01", power=named)
    relevant = [{"kind": "kind", "of": "allergy"}]
    lacks = {"matter": "treatment", "outcome": "lacks", "relevant": relevant, "text": "x", "until": soon(served, DAY)}
    await okafor.say(f"{served.record}/capacity", **lacks)
    await paul.say(f"{path}/{named}/exercise", until=soon(served))
    assert await seen(paul, served) == set()
    await nora.say(f"{path}/{named}/exercise", until=soon(served))
    assert await seen(paul, served) == {"Penicillin."}
    assert_refused(await paul.post(f"{path}/{named}/exercise", until=soon(served, 2 * DAY)), "too-long")


@pytest.mark.parametrize(
    ("age", "sees"),
    [(10, {"A cold.", "Private."}), (12, {"The plan."}), (15, {"The plan."})],
    ids=["at ten all that the child sees", "at twelve what was reviewed", "at fifteen what was reviewed"],
)
async def test_a_parent_sees_as_the_child_then_by_review(served: Served, age: int, sees: set[str]) -> None:
    story = served.story
    ada, okafor = await signed_in(served, "ada", "okafor")
    nadia = await served.sign_in(await somebody(served, "Nadia Diallo", "parent"))
    await story.note("A cold.")
    await story.note("Private.", topics=("sexual-health",))
    parent = {"person": nadia.by.person}
    assert_refused(await ada.post(f"{served.record}/parents", **parent), "no-birth-stated")
    await ada.say(f"{served.record}/birth", born=years_ago(age, days=40))
    registered = await ada.say(f"{served.record}/parents", **parent)
    if age >= 11:
        assert await seen(nadia, served) == set()
        await story.note("The plan.", kind="plan")
        scope = [{"kind": "kind", "of": "plan"}, {"kind": "topic", "of": "sexual-health"}]
        review = f"{served.record}/parents/{registered['ids']['parental']}/review"
        assert_refused(await nadia.post(review, scope=scope, until=soon(served, DAY), reason="x"), "role-missing")
        await okafor.say(review, scope=scope, until=soon(served, DAY), reason="They agreed to it together.")
    assert await seen(nadia, served) == sees
    told = await nadia.get(f"{served.record}/sharing")
    assert told.status_code == (200 if age < 11 else 404)
    await ada.say(f"{served.record}/parents/{registered['ids']['parental']}/end")
    problem(await nadia.get(served.record), 404, "unknown")


async def test_a_parent_of_a_child_says_what_is_shared_and_one_of_a_young_person_does_not(served: Served) -> None:
    story = served.story
    ada, greta, sam = await signed_in(served, "ada", "greta", "sam")
    nadia = await served.sign_in(await somebody(served, "Nadia Diallo", "parent"))
    await story.note("Amoxicillin.", kind="medicine")
    await ada.say(f"{served.record}/birth", born=years_ago(9, days=40))
    await ada.say(f"{served.record}/parents", person=nadia.by.person)
    preset = {"preset": "medicines", "person": story.sam.person}
    assert [one["does"] for one in (await nadia.post(f"{served.record}/presets", **preset)).json()["said"]] == ["share"]
    assert await seen(sam, served) == {"Amoxicillin."}
    assert_refused(await ada.post(f"{served.record}/birth", born=years_ago(12, days=40)), "already-said")
    await greta.say(f"{served.record}/birth", born=years_ago(12, days=40))
    assert await seen(sam, served) == set()
    assert_refused(await nadia.post(f"{served.record}/presets", preset="stop"), "not-the-patient")
    assert_refused(await nadia.post(f"{served.record}/sharing/stop"), "not-the-patient")


async def test_nobody_is_registered_as_the_parent_of_somebody_of_sixteen(served: Served) -> None:
    [ada] = await signed_in(served, "ada")
    nadia = await somebody(served, "Nadia Diallo", "parent")
    await ada.say(f"{served.record}/birth", born=years_ago(16, days=40))
    assert_refused(await ada.post(f"{served.record}/parents", person=nadia.person), "of-age")


async def test_professionals_disclose_in_best_interests_for_a_time_and_never_what_she_withholds(served: Served) -> None:
    story = served.story
    amina, okafor, sam = await signed_in(served, "amina", "okafor", "sam")
    await story.note("Wandering at night.", kind="problem")
    await story.note("The letter.", kind="letter")
    to_sam = {"kind": "person", "id": story.sam.person}
    withheld = Directing(to_sam, {"kind": "kind", "of": "letter"}, "withhold")
    await story.ledger.sharing.direct(story.amina, story.record, withheld)
    lacks = {"matter": "sharing", "outcome": "lacks", "relevant": [{"kind": "kind", "of": "problem"}]}
    assessed = await okafor.say(f"{served.record}/capacity", **lacks, text="x", until=soon(served, DAY))
    scope = [{"kind": "kind", "of": "problem"}, {"kind": "kind", "of": "letter"}]
    path = f"{served.record}/best-interests"
    disclosed = {"assessment": assessed["ids"]["assessment"], "person": story.sam.person, "scope": scope}
    assert_refused(await sam.post(path, **disclosed, until=soon(served), reason="x"), "role-missing")
    assert_refused(await okafor.post(path, **disclosed, until=soon(served, 60 * DAY), reason="x"), "too-long")
    made = await okafor.say(path, **disclosed, until=soon(served, DAY), reason="He is with her at night.")
    assert await seen(sam, served) == {"Wandering at night."}
    share = {"grantee": to_sam, "scope": {"kind": "everything"}}
    assert_refused(await amina.post(f"{served.record}/directives", **share), "lacks-capacity")
    await amina.say(f"{path}/{made['ids']['best_interests']}/end")
    assert await seen(sam, served) == set()


async def test_death_ends_what_was_shared_and_the_guardian_releases_unless_she_forbade_it(served: Served) -> None:
    story = served.story
    amina, okafor, sam, greta = await signed_in(served, "amina", "okafor", "sam", "greta")
    await story.note("The plan.", kind="plan-for-carers")
    await story.share({"kind": "everything"})
    assert await seen(sam, served) == {"The plan."}
    await amina.say(f"{served.record}/after-death-wish", wish="ask-guardian")
    died = datetime.now(UTC).date().isoformat()
    assert_refused(await sam.post(f"{served.record}/death", died=died), "role-missing")
    await okafor.say(f"{served.record}/death", died=died)
    problem(await sam.get(served.record), 404, "unknown")
    problem(await amina.get(served.record), 404, "unknown")
    release = {"person": story.sam.person, "scope": [{"kind": "kind", "of": "plan-for-carers"}], "reason": "A claim."}
    assert_refused(await okafor.post(f"{served.record}/releases", **release, until=soon(served)), "role-missing")
    await greta.say(f"{served.record}/releases", **release, until=soon(served))
    assert await seen(sam, served) == {"The plan."}
    await greta.say(f"{served.record}/death/retraction", reason="Another patient of the same name.")
    assert await seen(amina, served) == {"The plan."}
    await amina.say(f"{served.record}/after-death-wish", wish="not-after-my-death")
    await okafor.say(f"{served.record}/death", died=died)
    assert_refused(await greta.post(f"{served.record}/releases", **release, until=soon(served)), "not-after-death")


async def test_a_transfer_takes_the_seals_along_and_leaves_no_care_behind(served: Served) -> None:
    story = served.story
    ada, okafor, moss = await signed_in(served, "ada", "okafor", "moss")
    await story.note("Between us.", topics=("mental-health",))
    await story.note("A cold.")
    to_team = {"kind": "team", "id": story.practice}
    seal = Directing(to_team, {"kind": "topic", "of": "mental-health"}, "withhold")
    await story.ledger.sharing.direct(story.amina, story.record, seal)
    hospital = str((await story.ledger.people.form_team(story.ada, "The Hospital")).facts["team"])
    await story.ledger.people.join_team(story.ada, hospital, story.moss.person)
    [care] = (await story.ledger.facts.record(story.record, fresh=True)).fold.facts.care
    path = f"{served.record}/care/{care}/transfer"
    assert_refused(await okafor.post(path, team=hospital), "role-missing")
    assert_refused(await ada.post(path, team=story.practice), "same-team")
    handed = await ada.say(path, team=hospital)
    assert await seen(moss, served) == {"A cold."}
    told = await okafor.get(served.record)
    assert told.status_code == 200  # her own words, after the care has ended
    assert handed["ids"]["next"] != care
    problem(await (await served.sign_in(story.lind)).get(served.record), 403, "not-allowed")
