"""In a language that nobody speaks: no string was left out, and every page holds words half as long again, both ways.

The words of the record are not translated: they stand in elements of class ``words``, in ``time``, in parts that say
their own language, or are words of the demonstration itself. Whatever else is told must be inside the brackets, but for
what comes from elsewhere: units and names of standards (OF_NO_LANGUAGE), dates and what stands between the members of a
list (OF_BABEL), the names that devices and the ledger itself were given when they were registered (REGISTERED), and the
names of rules, as who audits reads them.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from babel.dates import get_month_names
from playwright.sync_api import Page

from ledger.core.explanations import PERMITTED, REFUSED
from ledger.core.explanations_of_saying import SAYING_PERMITTED, SAYING_REFUSED
from tests.browser.demonstration import demonstration
from tests.browser.driver import chromium
from tests.browser.looking import too_wide
from tests.browser.walk import Walk, told
from tests.pages.pseudo import speak_pseudo
from tests.postgres_fixture import home_in_memory

NARROWEST = 320
REGISTERED = (
    "Record ledger service",
    "Founding administrator 1",
    "Founding administrator 2",
    "Chrome on Linux",
    "home carer, Brightside",
    "neighbour",
    "son",
)
OF_NO_LANGUAGE = re.compile(
    r"[A-Za-z]+://\S+|\b(mmHg|kg|mmol/L|L/min|NHS|CSV|JSON|NDJSON|FHIR|AuditEvent|Ed25519|ML-DSA)\b|/min\b|[\w-]*\.\w+"
    r"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
_MONTHS = "|".join(get_month_names("wide", locale="de").values())
OF_BABEL = re.compile(rf"\b\d{{1,2}}\. ({_MONTHS})( \d{{4}})?\b|\b(und|oder|bis|um)\b")
_TELLS = """
() => {
  const skipped = ".words, time, code, pre, samp, noscript, svg, [lang]:not(html), [translate=no]";
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let depth = 0;
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (node.parentElement.closest("script, style, template, noscript")) continue;
    let outside = "";
    for (const letter of node.data) {
      if (letter === "⟦") depth += 1;
      else if (letter === "⟧") depth -= 1;
      else if (depth === 0) outside += letter;
    }
    if (node.parentElement.closest(skipped) === null && outside.trim() !== "") texts.push(outside.trim());
  }
  for (const one of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]")) {
    if (one.closest(skipped) !== null && one.closest("svg") === null) continue;
    for (const name of ["aria-label", "title", "placeholder", "alt"]) {
      const said = one.getAttribute(name);
      if (said && !/^⟦.*⟧$/s.test(said.trim())) texts.push(said.replace(/⟦.*?⟧/gs, "").trim());
    }
  }
  return [...new Set(texts.map((one) => one.replace(/\\s+/g, " ")))];
}
"""


@cache
def words_of_the_story() -> tuple[str, ...]:
    """Everything that the demonstration's people say and are called, by line, the longest first."""
    found = {*REGISTERED, *PERMITTED, *REFUSED, *SAYING_PERMITTED, *SAYING_REFUSED}
    for file in (files("api") / "demo").iterdir():
        if file.name.endswith(".py"):
            found |= _spoken(ast.parse(file.read_text()))
    return tuple(sorted(found, key=len, reverse=True))


def _spoken(module: ast.Module) -> set[str]:
    translated = {
        id(part)
        for call in ast.walk(module)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "marked"
        for part in ast.walk(call)
    }
    texts = (
        node.value
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in translated
    )
    lines = (" ".join(line.split()) for text in texts for line in text.split("\n"))
    return {line for line in lines if len(line) > 2 and re.search(r"[A-Z ]|\d", line)}


def untranslated(page: Page, story: tuple[str, ...]) -> Iterator[str]:
    """What a page tells outside the brackets that nobody of the story said."""
    for text in page.evaluate(_TELLS):
        if not is_of_the_story(text, story):
            yield f"was left out of translation: {text[:120]!r}"


@cache  # the same things stand on many pages
def is_of_the_story(text: str, story: tuple[str, ...]) -> bool:
    """Does it say nothing but what somebody of the story says, or its beginning?"""
    rest = OF_NO_LANGUAGE.sub("", OF_BABEL.sub("", text))
    for said in story:
        rest = rest.replace(said, "")
    cut = rest.rstrip("… ")
    return not re.search(r"[A-Za-z]{2}", rest) or (len(cut) > 12 and any(cut in said for said in story))


@pytest.mark.timeout(900)
def test_no_string_was_left_out_and_pages_hold_longer_words_both_ways(tmp_path: Path) -> None:
    story = words_of_the_story()

    def look(page: Page) -> Iterator[str]:
        assert page.locator("html").get_attribute("lang") == "de"
        yield from untranslated(page, story)
        yield from too_wide(page, NARROWEST)
        page.evaluate("() => { document.documentElement.dir = 'rtl' }")
        yield from (f"from right to left: {one}" for one in too_wide(page, NARROWEST))

    with (
        home_in_memory() as home,
        demonstration(home, LEDGER_LOCALES=str(speak_pseudo(tmp_path / "locales", "de"))) as place,
        chromium(place.base) as browser,
    ):
        walk = Walk(browser, place, look=look, settings={"locale": "de"})
        walk.everybody()
    assert not walk.findings, told(walk.findings)


def test_the_story_is_read_without_what_is_translated() -> None:
    story = words_of_the_story()
    assert {"Amina Diallo", "Riverside Surgery", "Metformin 500 mg"} <= set(story)
    assert "Correct a letter" not in story
    assert Path("api/demo/trials.py").read_text().count("Correct a letter") == 1
