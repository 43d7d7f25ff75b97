"""What things are called on the trail: to the patient alone, of what she may see now, and the vault accounts for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from ledger.openings import reconcile
from ledger.store.mapper import SealingMapper
from ledger.use_cases.sharing import Directing
from tests.http.living import asked
from tests.http.served import Served
from tests.http.test_statements import assign_case

TODAY = datetime.now(UTC).date()


async def titled(served: Served, *titles: str | None, kind: str = "letter") -> list[str]:
    """Things in Amina's record, called so."""
    return [await served.story.note(f"Words of {title}.", title=title, kind=kind) for title in titles]


async def line_of(served: Served) -> dict[str, Any]:
    """Dr Lind's newest look, as Amina is told of it in a list."""
    amina = await served.sign_in(served.story.amina)
    found: dict[str, Any] = (await asked(amina, f"{served.record}/trail", viewer=served.story.lind.person))["lines"][0]
    return found


def called(things: list[dict[str, Any]]) -> dict[str, str | None]:
    return {one.get("id", one.get("item")): one["title"] for one in things}


async def test_a_look_at_a_few_things_says_in_the_list_how_they_are_called(served: Served) -> None:
    [letter, bare] = await titled(served, "From the clinic", None)
    lind = await served.sign_in(served.story.lind)
    await asked(lind, served.record)
    assert called((await line_of(served))["items"]) == {letter: "From the clinic", bare: None}


async def test_a_look_at_many_things_says_it_where_it_is_told_in_full(served: Served) -> None:
    items = await titled(served, "One", "Two", "Three", "Four")
    lind, amina = await served.sign_in(served.story.lind), await served.sign_in(served.story.amina)
    await asked(lind, served.record)
    line = await line_of(served)
    assert called(line["items"]) == dict.fromkeys(items)
    full = (await asked(amina, f"{served.record}/trail/{line['id']}"))["line"]
    assert called(full["items"]) == dict(zip(items, ("One", "Two", "Three", "Four"), strict=True))


async def test_who_has_seen_one_thing_and_what_somebody_could_see_say_it_too(served: Served) -> None:
    [letter] = await titled(served, "From the clinic")
    story = served.story
    lind, amina = await served.sign_in(story.lind), await served.sign_in(story.amina)
    await asked(lind, f"{served.record}/items/{letter}")
    seen = await asked(amina, f"{served.record}/items/{letter}/seen-by", viewer=story.lind.person)
    assert called(seen["lines"][0]["items"]) == {letter: "From the clinic"}
    at = (await asked(amina, f"{served.record}"))["opened_at"]
    could = {"person": story.lind.person, "acting_as": "clinician", "at": at}
    for more in ({}, {"seen": "true"}):
        view = await asked(amina, f"{served.record}/as-of", **could, **more)
        assert called(view["items"]) == {letter: "From the clinic"}


async def test_what_was_not_shown_is_called_by_its_name_too(served: Served) -> None:
    [letter] = await titled(served, "From the clinic")
    story = served.story
    seal = Directing({"kind": "person", "id": story.lind.person}, {"kind": "item", "of": letter}, "withhold")
    await story.ledger.sharing.direct(story.amina, story.record, seal)
    lind, amina = await served.sign_in(story.lind), await served.sign_in(story.amina)
    await asked(lind, served.record)
    line = await line_of(served)
    full = await asked(amina, f"{served.record}/trail/{line['id']}")
    assert called(full["withheld"]) == {letter: "From the clinic"}


async def test_what_is_kept_from_her_is_not_there_and_what_is_erased_has_no_title(served: Served) -> None:
    [kept, erased] = await titled(served, "Kept", "Erased")
    story, ledger = served.story, served.story.ledger
    lind = await served.sign_in(story.lind)
    await asked(lind, served.record)
    await ledger.items.withhold(
        story.okafor, story.record, kept, kept_from="patient", ground="serious-harm",
        opinion=TODAY, review=TODAY + timedelta(days=90), reason="Not now.",
    )  # fmt: skip
    asking = await ledger.erasing.ask(story.amina, story.record, erased, "consent-withdrawn", "Gone.")
    await ledger.erasing.erase(story.greta, story.record, erased, str(asking.facts["erasure"]), "consent-withdrawn")
    assert called((await line_of(served))["items"]) == {erased: None}


async def test_who_oversees_is_told_no_title(served: Served) -> None:
    [letter] = await titled(served, "From the clinic")
    lind, ruth = await served.sign_in(served.story.lind), await served.sign_in(served.story.ruth)
    await asked(lind, f"{served.record}/items/{letter}")
    case = (await assign_case(served))["case"]
    answer = await ruth.get(f"{served.record}/trail", case=case)
    assert answer.status_code == 200
    assert "From the" not in answer.text
    assert "title" not in answer.text


async def test_the_vault_accounts_for_every_title_that_was_told_and_for_no_other_words(served: Served) -> None:
    [letter] = await titled(served, "From the clinic")
    story, rows = served.story, served.story.ledger.rows
    comment = await story.ledger.items.comment(story.amina, story.record, letter, "Thank you.")
    lind, amina = await served.sign_in(story.lind), await served.sign_in(story.amina)
    await asked(lind, served.record)
    line = await line_of(served)
    await asked(amina, f"{served.record}/trail/{line['id']}")
    await asked(amina, f"{served.record}/items/{comment.facts['item']}/seen-by")
    found = await reconcile(rows, SealingMapper(story.ledger.keyring))
    assert found.ok, found.findings
    newest = [one for one in await rows.read_openings(0, 10_000) if one.disclosure is not None]
    opened = {position for one in newest[-3:] for position in one.positions}
    assert comment.position not in opened
