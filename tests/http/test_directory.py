"""The directory over HTTP: staff have names before them, and that they had is on the log before a name is opened."""

from tests.http.served import Served, problem


async def test_an_administrator_reads_who_there_is_with_roles_and_teams(served: Served) -> None:
    ada = await served.sign_in(served.story.ada)
    before = await served.size()
    answer = await ada.get("/people", limit=25)
    told = {one["person"]: one for one in answer.json()["people"]}
    okafor = told[served.story.okafor.person]
    assert okafor["name"] == "Dr Okafor"
    assert {"role": "clinician", "in_force": True, "waits": False} in okafor["roles"]
    assert [team["name"] for team in okafor["teams"]]
    assert await served.said(before) == ["directory-read/1"]


async def test_pages_of_people_and_teams_miss_nobody(served: Served) -> None:
    ada = await served.sign_in(served.story.ada)
    for what, key in (("people", "person"), ("teams", "team")):
        whole = [one[key] for one in (await ada.get(f"/{what}", limit=25)).json()[what]]
        paged, cursor = [], None
        while True:
            page = (await ada.get(f"/{what}", limit=2, **({"cursor": cursor} if cursor else {}))).json()
            paged += [one[key] for one in page[what]]
            if (cursor := page["cursor"]) is None:
                break
        assert paged[: len(whole)] == whole
        assert len(paged) == len(set(paged)) >= len(whole) > 0


async def test_who_is_no_such_staff_is_refused_and_it_is_on_the_log(served: Served) -> None:
    for by in (served.story.amina, served.story.okafor, served.story.ruth):
        client, before = await served.sign_in(by), await served.size()
        for path in ("/people", "/teams", f"/people/{served.story.sam.person}"):
            problem(await client.get(path), 403, "not-allowed")
        assert await served.said(before) == ["attempt-refused/1"] * 3
