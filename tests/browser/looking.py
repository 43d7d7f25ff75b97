"""What must hold of any page, seen by Chromium: each check gives what is wrong, in words, or nothing.

The rules of axe are those of WCAG 2.2 A and AA and its best practices, without exception.
"""

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final

from playwright.sync_api import Page

from tests.thorough import times

AXE: Final = (files("axe_playwright_python") / "axe.min.js").read_text()
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS: Final = (1280, 375, 320)
_A_TIME: Final = re.compile(r"\b[0-9]{1,2}:[0-9]{2}\b")
HEIGHT: Final = 900
NEUTRAL: Final = frozenset({"Record"})
"""Titles stay in the history of a device that others use."""
MOST_STOPS: Final = times(60, 160)
"""Places that the Tab key is followed through on one page; a longer page goes on as it began."""

_AXE: Final = """
async (tags) => (await axe.run(document, { runOnly: tags, resultTypes: ["violations"] })).violations.flatMap((one) =>
  one.nodes.slice(0, 3).map((node) => `${one.id}: ${one.help}: ${node.html.slice(0, 160)} (${node.target})`))
"""
_FACTS: Final = """
() => ({
  h1: document.querySelectorAll("h1").length,
  lang: document.documentElement.lang, dir: document.documentElement.dir, title: document.title,
  nameless: [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button")].filter(
    (one) => one.checkVisibility() && !(one.labels?.length || one.getAttribute("aria-label")
      || one.getAttribute("aria-labelledby") || (one.tagName === "BUTTON" && one.textContent.trim()))
  ).map((one) => one.outerHTML.slice(0, 160)),
  twice: [...document.querySelectorAll("[id]")].map((one) => one.id).filter((id, at, all) => all.indexOf(id) !== at),
  nowhere: [...document.querySelectorAll("a[href^='#']")].map((one) => one.getAttribute("href").slice(1)).filter((id) =>
    id && document.getElementById(decodeURIComponent(id)) === null),
})
"""
_WIDE: Final = """
() => document.documentElement.scrollWidth <= innerWidth ? null : [...document.querySelectorAll("body *")].filter(
  (one) => one.getBoundingClientRect().right > innerWidth + 1 && one.checkVisibility()).slice(-3).map((one) =>
  one.outerHTML.slice(0, 120))
"""
_STOPS: Final = """
() => {
  const usable = "a[href], button, input, select, textarea, summary, [tabindex='0']";
  const stops = [...document.querySelectorAll(usable)].filter(
    (one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled && one.type !== "hidden"
      && one.tabIndex >= 0 && !one.closest("[inert]"));
  const radios = new Set();
  let at = 0;
  for (const one of stops) {
    if (one.type === "radio") {
      const group = `${one.form?.action} ${one.name}`;
      if (radios.has(group)) continue;
      radios.add(group);
      for (const other of document.getElementsByName(one.name)) other.dataset.stop = at;
    }
    one.dataset.stop = at++;
  }
  const unfocused = new Map(stops.map((one) => [one, look(one)]));
  function look(one) {
    return [one, ...one.labels ?? []].flatMap((part) => ["", "::before", "::after"].map((of) => {
      const style = getComputedStyle(part, of);
      return [style.outlineStyle, style.outlineWidth, style.boxShadow, style.backgroundColor, style.borderColor,
              style.textDecorationLine].join();
    })).join("|");
  }
  function focus() {
    const one = document.activeElement;
    if (one === null || one === document.body) return null;
    const box = one.getBoundingClientRect();
    return { stop: one.dataset.stop ?? one.outerHTML.slice(0, 100),
             seen: !unfocused.has(one) || unfocused.get(one) !== look(one),
             there: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
             what: one.outerHTML.slice(0, 120) };
  }
  window.focused = [];
  addEventListener("keyup", () => window.focused.push(focus()), true);
  document.activeElement?.blur();
  scrollTo(0, 0);
  return at;
}
"""
_OUTLINE: Final = """
() => [...document.querySelectorAll(
  ["h1", "h2", "h3", "h4", "label", "legend", "button", "th"].map((one) => `main ${one}`).join())]
  .filter((one) => one.checkVisibility() && !one.closest("[data-needs-scripts], noscript, [data-scripts-made]"))
  .map((one) => one.textContent.replace(/\\s+/g, " ").trim())
"""


def structure(page: Page) -> Iterator[str]:
    """One heading of the first order, a neutral title, a language, controls with names, ids that lead somewhere."""
    facts: dict[str, Any] = page.evaluate(_FACTS)
    if facts["h1"] != 1:
        yield f"has {facts['h1']} h1, wanted one"
    if not facts["lang"] or facts["dir"] not in ("ltr", "rtl"):
        yield f"lang {facts['lang']!r}, dir {facts['dir']!r}: wanted both"
    if facts["title"] not in NEUTRAL:
        yield f"title {facts['title']!r}: wanted a neutral one"
    yield from (f"a control without a name: {one}" for one in facts["nameless"])
    yield from (f"an id that stands twice: {one}" for one in sorted(set(facts["twice"])))
    yield from (f"a link to #{one}, which is not there" for one in sorted(set(facts["nowhere"])))


def accessibility(page: Page) -> Iterator[str]:
    """What axe finds at the present width."""
    page.evaluate("document.activeElement?.blur()")  # what has the focus looks otherwise for that moment
    page.evaluate(AXE)
    yield from page.evaluate(_AXE, RULES)


def too_wide(page: Page, width: int) -> Iterator[str]:
    """Would somebody have to scroll sideways at this width?"""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    wide = page.evaluate(_WIDE)
    if wide is not None:
        yield f"is wider than {width} px: {wide}"


def keyboard(page: Page) -> Iterator[str]:
    """The Tab key comes by everything that can be used, each once, in order, and one sees where one is."""
    stops = page.evaluate(_STOPS)
    met: list[str] = []
    for _ in range(min(stops, MOST_STOPS)):
        page.keyboard.press("Tab")
    for focus in page.evaluate("window.focused"):
        if focus is None:
            break
        if focus["stop"] in met:
            yield f"the Tab key comes back to {focus['what']} before the end"
            break
        met.append(focus["stop"])
        if not focus["seen"]:
            yield f"focus is not seen on {focus['what']}"
        if not focus["there"]:
            yield f"focus is off the screen on {focus['what']}"
    wanted = [str(one) for one in range(min(stops, MOST_STOPS))]
    if missed := [one for one in wanted if one not in met]:
        html = page.evaluate(
            "(stop) => document.querySelector(`[data-stop='${stop}']`)?.outerHTML.slice(0, 120)", missed[0]
        )
        yield f"the Tab key never comes to {len(missed)} of {stops}, the first: {html}"


def outline(page: Page) -> list[str]:
    """Headings, labels and buttons that do not need a script: what must be the same without."""
    found: list[str] = page.evaluate(_OUTLINE)
    return found


def without_scripts(with_scripts: list[str], without: list[str]) -> Iterator[str]:
    """What is missing where no script runs.

    A list of looks begins with the look at it, so the second one may have moved on: its lines, which say a time,
    are left aside.
    """
    missing = [one for one in with_scripts if one not in without and not _A_TIME.search(one)]
    if missing:
        yield f"without JavaScript these are missing: {missing[:5]}"
