"""The main story over HTTP: a note, an answer to it, a part that is shared and withdrawn, and who has looked."""


import httpx

from tests.http.served import Served
from tests.soundness import assert_ledger_sound


def texts(view: httpx.Response) -> list[str]:
    """What the items of a view say."""
    assert view.status_code == 200, view.text
    return [item["text"] for item in view.json()["items"]]


async def test_a_note_is_answered_amended_shared_in_part_and_withdrawn(served: Served) -> None:
    okafor, amina, sam = [
        await served.sign_in(by) for by in (served.story.okafor, served.story.amina, served.story.sam)
    ]
    note = await okafor.say(f"{served.record}/items", kind="note", text="Inappropriate laughter.", title="Review")
    path = f"{served.record}/items/{note['ids']['item']}"
    await amina.say(f"{path}/comments", text="It was a joke.", quote="Inappropriate laughter")
    await okafor.say(f"{path}/amendments", text="Laughed at a joke.", reason="She told us.")
    await okafor.say(f"{served.record}/items", kind="plan-for-carers", text="Walk every day.")

    for reader in (okafor, amina):
        view = await reader.get(served.record)
        assert texts(view) == ["Walk every day.", "Inappropriate laughter."]
        [shown] = [item for item in view.json()["items"] if item["kind"] == "note"]
        assert [amendment["text"] for amendment in shown["amendments"]] == ["Laughed at a joke."]
        assert [(child["text"], child["quote"]) for child in shown["children"]] == [
            ("It was a joke.", "Inappropriate laughter")
        ]
    assert texts(await sam.get(served.record)) == []

    sam_id, plan = served.story.sam.person, {"kind": "kind", "of": "plan-for-carers"}
    shared = await amina.say(f"{served.record}/directives", grantee={"kind": "person", "id": sam_id}, scope=plan)
    assert texts(await sam.get(served.record)) == ["Walk every day."]
    await amina.say(f"{served.record}/directives/{shared['ids']['directive']}/withdrawal")
    assert texts(await sam.get(served.record)) == []
    assert_ledger_sound(served.story.database.dsn(), served.story.ledger.keyring)
