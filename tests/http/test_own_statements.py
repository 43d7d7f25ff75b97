"""Everybody sees every statement in their own name, and which key it was signed with; nobody those of another."""

from tests.http.served import Client, Served, problem
from tests.http.test_statements import send, signed


async def everything(client: Client, **query: int) -> list[dict[str, object]]:
    """All that is in the client's name, page by page."""
    path, found, asked = f"/people/{client.by.person}/statements", [], dict(query)
    while True:
        page = (await client.get(path, **asked)).json()
        found += page["statements"]
        if page["cursor"] is None:
            return found
        asked["cursor"] = page["cursor"]


async def test_people_see_every_statement_in_their_name_newest_first_and_by_whose_key(served: Served) -> None:
    amina, record = await served.sign_in(served.story.amina), served.record
    recorded = await amina.say(f"{record}/results-wish", wish="at-once")
    own = (await send(amina, signed(amina, {"record": served.story.record, "wish": "tell-me-first"}))).json()
    found = await everything(amina)
    newest = [(one["statement_id"], one["type"], one["kid"], one["custody"]) for one in found[:2]]
    kind, service = "results-wish-stated/1", served.story.ledger.keyring.signer_for(amina.by.person).kid
    assert newest == [
        (own["statement_id"], kind, amina.key.signer.kid, "author"),
        (recorded["statement_id"], kind, service, "service"),
    ]
    assert (found[0]["recorded_at"], found[0]["acting_as"]) == (own["recorded_at"], "patient")
    assert [one["type"] for one in found[2:]] == ["carer-named/1"]
    assert await everything(amina, limit=1) == await everything(amina, limit=2) == found


async def test_nobody_sees_the_statements_of_another_nor_goes_on_with_their_cursor(served: Served) -> None:
    okafor, amina = await served.sign_in(served.story.okafor), await served.sign_in(served.story.amina)
    await amina.say(f"{served.record}/results-wish", wish="at-once")
    theirs = f"/people/{amina.by.person}/statements"
    cursor = (await amina.get(theirs, limit=1)).json()["cursor"]
    problem(await okafor.get(f"/people/{okafor.by.person}/statements", cursor=cursor), 400, "cursor")
    for other in (theirs, "/people/00000000-0000-4000-8000-000000000000/statements"):
        problem(await okafor.get(other), 404, "unknown")
