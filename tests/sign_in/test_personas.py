"""One-click sign-in: in the demonstration, on this machine, and nowhere else."""

import ast
import inspect
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

import api
from api.command_line import app as command_line
from api.command_line.service import serve
from api.http.app import create_app
from api.http.cookies import SESSION
from api.settings import Settings
from api.sign_in.personas import NotADemonstration, Persona, Personas, check_this_machine_only
from api.wiring import House
from tests.command_line.running import call
from tests.http.served import BASE, Served, problem
from tests.sign_in.browser import PLACE, Browser
from tests.story import KEYRING, Story

FORM = "/forms/demo/sign-in"
BANNER = "Demonstration: everybody here is made up."


def personas_of(story: Story) -> Personas:
    cast = ((story.amina, "Amina Diallo"), (story.sam, "Sam Diallo"), (story.okafor, "Dr Okafor"))
    return Personas(tuple(Persona(by.person, name, "of the story", by.acting_as) for by, name in cast))


@pytest.fixture
async def demonstration(story: Story, tmp_path: Path) -> AsyncIterator[Served]:
    """The application as the demo serves it, over the story's database."""
    dsn = story.database.dsn()
    app = create_app(House(Settings(home=tmp_path), KEYRING, dsn, dsn), personas_of(story))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=True), base_url=BASE) as http,
    ):
        yield Served(app, http, story)


async def choose(browser: Browser, person: str, **headers: str) -> httpx.Response:
    """Press the button of a person."""
    return await browser.send("POST", FORM, data={"person": person}, headers={**browser.of_page(), **headers})


async def test_in_the_demonstration_anybody_signs_in_as_anybody_and_every_answer_says_so(
    demonstration: Served,
) -> None:
    story = demonstration.story
    async with Browser.of(demonstration) as browser:
        shown = await browser.get("/demo")
        assert BANNER in shown.text
        for by, name in ((story.amina, "Amina Diallo"), (story.okafor, "Dr Okafor")):
            assert f"Sign in as {name}" in shown.text
            entered = await choose(browser, by.person)
            assert (entered.status_code, entered.headers["location"]) == (303, "/"), entered.text
            session = (await browser.get("/session")).json()
            assert (session["person"], session["acting_as"], session["means"]) == (by.person, by.acting_as, "persona")
            purpose = "appointment" if by == story.okafor else "own-record"
            assert (await browser.get(demonstration.record, purpose=purpose)).status_code == 200
        answers = [
            shown, entered, await browser.get("/sign-in"), await browser.get("/session"), await browser.get("/nowhere"),
            await browser.get("/log/checkpoint"), await browser.send("POST", "/token", json={}),
            await browser.send("GET", "/", headers={"content-encoding": "gzip"}),
        ]  # fmt: skip
        assert {answer.headers.get("x-demonstration") for answer in answers} == {"1"}
        assert all(BANNER in page.text for page in answers if "text/html" in page.headers.get("content-type", ""))


async def test_nobody_is_let_in_from_elsewhere_nor_as_nobody_of_the_story(demonstration: Served) -> None:
    story = demonstration.story
    async with Browser.of(demonstration) as browser, Browser.of(demonstration, address="192.0.2.1") as distant:
        refused = {
            "from another machine": await choose(distant, story.amina.person),
            "under another name": await choose(browser, story.amina.person, host="ledger.example"),
            "at the word of another site": await choose(browser, story.amina.person, origin="https://evil.example"),
            "from another site": await choose(browser, story.amina.person, **{"sec-fetch-site": "cross-site"}),
            "through a proxy": await choose(browser, story.amina.person, **{"x-forwarded-for": "192.0.2.1"}),
        }
        assert {title: answer.status_code for title, answer in refused.items()} == dict.fromkeys(refused, 403)
        assert (await choose(browser, story.bert.person)).status_code == 422
        assert (await browser.send("POST", FORM, data={"who": "Amina"}, headers=browser.of_page())).status_code == 422
        assert (await distant.get("/demo")).status_code == 403
        assert SESSION not in browser.cookies | distant.cookies


ELSEWHERE = (
    {"host": "0.0.0.0"},  # noqa: S104 - refused
    {"host": "::"},
    {"host": "192.0.2.1"},
    {"host": "ledger.example"},
    {"url": "https://ledger.example"},
    {"proxies": "192.0.2.1"},
)


@pytest.mark.parametrize("settings", ELSEWHERE, ids=str)
def test_a_demonstration_that_others_could_reach_is_refused_before_it_starts(
    settings: dict[str, str], tmp_path: Path
) -> None:
    [(name, value)] = settings.items()
    home = tmp_path / "home"
    with pytest.raises(NotADemonstration, match=f"LEDGER_{name.upper()}"):
        create_app(House(Settings.model_validate({"home": home, **settings}), KEYRING, "", ""), Personas(()))
    result = call(home, "demo", **{f"LEDGER_{name.upper()}": value})
    assert (result.exit_code, home.exists()) == (2, False)
    assert f"Unset LEDGER_{name.upper()}" in " ".join(result.stderr.split())


def test_a_demonstration_is_never_told_in_a_ledger_that_no_demo_made(tmp_path: Path) -> None:
    kept = tmp_path / "home" / "keys"
    kept.mkdir(parents=True)
    result = call(kept.parent, "demo")
    assert (result.exit_code, list(kept.parent.iterdir())) == (2, [kept])
    assert "which has something in it that no demo made" in " ".join(result.stderr.split())


@pytest.mark.parametrize("settings", [{}, {"host": "::1"}, {"host": "localhost"}, {"url": "http://localhost:8420"}])
def test_a_demonstration_on_this_machine_alone_is_one(settings: dict[str, str], tmp_path: Path) -> None:
    check_this_machine_only(Settings.model_validate({"home": tmp_path, **settings}))


async def test_what_is_served_lets_nobody_in_so_whatever_the_environment_says(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DEMO", "DEMONSTRATION", "PERSONAS", "PERSONA", "LEDGER_DEMO", "LEDGER_DEMONSTRATION",
                 "LEDGER_PERSONAS", "LEDGER_DOORS"):  # fmt: skip
        monkeypatch.setenv(name, "1")
    dsn = story.database.dsn()
    app = create_app(House(Settings(home=tmp_path), KEYRING, dsn, dsn))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=True), base_url=PLACE) as http,
    ):
        assert app.state.service.doors.personas is None
        for answer in (
            await http.get("/demo"),
            await http.post(FORM, data={"person": story.amina.person}, headers={"origin": PLACE}),
        ):
            problem(answer, 404, "no-such-place")
            assert "x-demonstration" not in answer.headers
        assert BANNER not in (await http.get("/sign-in")).text


async def test_a_session_that_began_in_the_demonstration_is_nobodys_where_the_ledger_is_served_after_it(
    demonstration: Served, tmp_path: Path
) -> None:
    story, dsn = demonstration.story, demonstration.story.database.dsn()
    async with Browser.of(demonstration) as browser:
        await choose(browser, story.amina.person)
        app = create_app(House(Settings(home=tmp_path), KEYRING, dsn, dsn))
        async with app.router.lifespan_context(app), Browser.of(Served(app, demonstration.http, story)) as later:
            later.cookies |= browser.cookies
            problem(await later.get("/session"), 401, "sign-in")
        assert (await browser.get("/session")).status_code == 200


def test_only_the_demo_makes_personas_and_serve_takes_none() -> None:
    """No option of ``serve`` and no setting leads to one; whatever else names them passes them on, from the demo."""
    assert inspect.signature(serve).parameters.keys() == {"host", "port"}
    assert not [name for name in Settings.model_fields if "demo" in name or "persona" in name]
    helped = CliRunner().invoke(command_line, ["serve", "--help"]).output
    assert "demo" not in helped
    assert "persona" not in helped
    root = Path(api.__file__).parent
    makers = {str(file.relative_to(root)) for file in root.rglob("*.py") if _makes_personas(file)}
    assert makers == {"demo/cast.py"}


def _makes_personas(file: Path) -> bool:
    calls = (node.func for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
    return any(isinstance(func, ast.Name) and func.id == "Personas" for func in calls)
