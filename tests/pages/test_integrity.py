"""Integrity: how the log stands, for those who look after it; and what a verification leaves for them to see."""

import json
import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio

from api.last_verification import LastVerification, LastVerificationFile, NotReadable
from api.pages import places
from api.pages.integrity import sentences
from api.postgres import EmbeddedPostgres
from ledger.core.checkpoint import CheckpointSigner, add_cosignatures, open_note
from ledger.core.note import SignatureType
from tests.http.living import asked, living
from tests.http.served import Served, problem
from tests.pages.at_work import main, plain
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
ONE, TWO = (
    CheckpointSigner.from_seed(f"witness.example/{n}", SignatureType.ED25519_COSIGNATURE, bytes([n]) * 32)
    for n in (1, 2)
)
NOBODY = "http://127.0.0.1:1"
POLICY = f"witness college {ONE.key} {NOBODY}\nwitness regulator {TWO.key} {NOBODY}\n" + (
    "group one 1 college regulator\nquorum one\n"
)
SOUND = LastVerification("2026-05-03T09:00:00.000Z", 40, 0, True, True, "1.2.3")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    postgres: EmbeddedPostgres, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    """A log that one of two witnesses must have cosigned; none of them answers by itself."""
    home = tmp_path_factory.mktemp("home")
    policy = home / "policy"
    policy.write_text(POLICY)
    async with living(postgres, migrated_template, home, policy=policy, start_unwitnessed=True) as served:
        yield served


@pytest.fixture
def kept(house: Served) -> LastVerificationFile:
    """The file of this house, without anything kept."""
    file = LastVerificationFile.of(house.app.state.service.doors.settings.home)
    file.path.unlink(missing_ok=True)
    return file


async def cosign(house: Served, signer: CheckpointSigner) -> int:
    """Let a witness cosign the newest checkpoint, and keep that as the log does; gives its size."""
    note = await house.story.ledger.receipts.latest_checkpoint()
    _, checkpoint = open_note(note)
    line = signer.sign(checkpoint, house.story.ledger.clock() // 1000)
    with psycopg.connect(house.story.database.dsn()) as connection:
        values = [checkpoint.size, add_cosignatures(note, [line])]
        connection.execute("insert into ledger.cosigned (size, note) values (%s, %s)", values)
    return checkpoint.size


@pytest.mark.parametrize("role", ["ruth", "greta", "ada"])
async def test_who_looks_after_the_log_sees_how_it_stands(
    house: Served, browser: Browser, kept: LastVerificationFile, role: str
) -> None:
    await browser.begin(getattr(house.story, role))
    page = await browser.get(places.INTEGRITY())
    assert page.status_code == 200
    assert "No full verification is known here." in plain(page)
    assert re.search(r'<svg[^>]*class="picture chart', page.text)


@pytest.mark.parametrize("role", ["amina", "sam", "okafor"])
async def test_nobody_else_does(house: Served, browser: Browser, role: str) -> None:
    await browser.begin(getattr(house.story, role))
    assert (await browser.get(places.INTEGRITY())).status_code == 403
    client = await house.sign_in(getattr(house.story, role))
    problem(await client.get("/log/integrity"), 403, "not-allowed")


async def test_looking_at_it_adds_nothing_and_every_entry_is_in_its_day(house: Served) -> None:
    ruth, before = await house.sign_in(house.story.ruth), await house.size()
    told = await asked(ruth, "/log/integrity", zone="UTC")
    assert (told["size"], await house.size()) == (before, before)
    assert (len(told["days"]), sum(one["entries"] for one in told["days"])) == (84, before)
    days = [date.fromisoformat(one["day"]) for one in told["days"]]
    assert days == [days[0] + timedelta(days=n) for n in range(84)]
    assert told["checkpoint"]["size"] <= before
    problem(await ruth.get("/log/integrity", zone="Atlantis"), 422, "malformed")
    problem(await ruth.get("/log/integrity", days=85), 422, "malformed")


async def test_each_witness_is_told_with_what_it_has_signed(house: Served, browser: Browser) -> None:
    ruth = await house.sign_in(house.story.ruth)
    told = await asked(ruth, "/log/integrity")
    assert [one["size"] for one in told["witnesses"]] == [None, None]
    await browser.begin(house.story.ruth)
    assert "Not witnessed yet" in plain(await browser.get(places.INTEGRITY()))
    first = await cosign(house, ONE)
    await house.story.note("Slept.")
    second = await cosign(house, TWO)
    told = await asked(ruth, "/log/integrity")
    assert [(one["name"], one["size"]) for one in told["witnesses"]] == [("college", first), ("regulator", second)]
    assert told["quorum"] == {"wanted": "one", "size": second}
    assert first < second
    page = await browser.get(places.INTEGRITY())
    assert "college" in main(page)
    assert "Nothing that is known here" not in plain(page)


@pytest.mark.parametrize(("ok", "words"), [(True, "Everything was sound."), (False, "Something was wrong.")])
async def test_the_last_verification_is_told(
    house: Served, browser: Browser, kept: LastVerificationFile, *, ok: bool, words: str
) -> None:
    kept.keep(LastVerification(SOUND.at, SOUND.size, 0, ok, True, SOUND.program))
    assert kept.path.stat().st_mode & 0o777 == 0o600
    assert kept.read() == LastVerification(SOUND.at, 40, 0, ok, True, "1.2.3")
    await browser.begin(house.story.greta)
    page = plain(await browser.get(places.INTEGRITY()))
    assert words in page
    assert f"Added since then {await house.size() - 40}" in page
    assert "1.2.3" in page


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        "{",
        json.dumps({"v": 2, **SOUND.as_json()}),
        json.dumps({"v": 1, **SOUND.as_json(), "ok": 1}),
    ],
)
async def test_what_no_verification_kept_is_not_believed(
    house: Served, browser: Browser, kept: LastVerificationFile, text: str
) -> None:
    kept.path.write_text(text)
    with pytest.raises(NotReadable, match="run record-ledger verify again"):
        kept.read()
    await browser.begin(house.story.ruth)
    assert "No full verification is known here." in plain(await browser.get(places.INTEGRITY()))


async def test_nothing_was_kept_where_nothing_is(tmp_path: Path) -> None:
    assert LastVerificationFile.of(tmp_path).read() is None


async def test_what_the_picture_tells_is_told_in_sentences() -> None:
    day = date(2026, 5, 3)
    assert sentences([(day, 0)]) == ["Nothing was added in the last 12 weeks."]
    assert sentences([(day, 1), (day + timedelta(days=1), 2000)]) == [
        "2,001 entries were added in the last 12 weeks.",
        "Most on one day: 2,000, on 4 May 2026.",
    ]
