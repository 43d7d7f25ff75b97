"""What a page signs is what its form says and its reader chose: each way in which a member may be made, run by Node.

That every form's own drafts pass, and none with anything else in it, see tests/pages/test_every_form.py.
"""

import json
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest

from api.pages import binding
from ledger.core.instants import parse_instant
from tests.browser.test_modules import Modules, running_modules

NOW = parse_instant("2026-11-22T10:00:00.000Z")
LATER = {"until-day": "3", "until-month": "12", "until-year": "2026"}
AMINA, BERT = "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de", "01931f2e-7c00-7000-8000-0000000000a2"
EITHER = {"open": False, "in-confidence": True}
WISHES = {"matters": "What matters to me", "tell": "Whom to tell"}
PLAN, GENETIC = {"kind": "kind", "of": "plan"}, {"kind": "topic", "of": "genetic"}

Given = dict[str, str | list[str]]
CASES: dict[str, tuple[object, Given, list[Any], list[Any]]] = {
    "what the page has": (AMINA, {"x": BERT}, [AMINA], [BERT, None, [AMINA]]),
    "an object that the page has": (PLAN, {}, [{"of": "plan", "kind": "kind"}], [GENETIC, {**PLAN, "id": BERT}, None]),
    "a choice": (binding.field("x"), {"x": "agree"}, ["agree"], ["disagree", None, "", ["agree"]]),
    "no choice": (binding.field("x"), {}, [None], ["agree", ""]),
    "a text": (
        binding.field("x"),
        {"x": " One\r\ntwo.\x1f "},
        ["One\ntwo."],
        ["One two.", "One\ntwo. And more.", None],
    ),
    "a choice with a meaning": (binding.chosen("x", EITHER), {"x": "in-confidence"}, [True], [False, None]),
    "a choice that there is not": (binding.chosen("x", EITHER), {"x": "toString"}, [], [True, False, None]),
    "a box that is ticked": (binding.ticked("x"), {"x": "yes"}, [True], [False, None, "yes"]),
    "a box that is not": (binding.ticked("x"), {}, [False], [True, None]),
    "boxes": (binding.all_of("x"), {"x": ["b", "a"]}, [["a", "b"], ["b", "a"]], [["a"], ["a", "b", "c"], [], None]),
    "parts": (
        binding.all_of("x", "parts"),
        {"x": ["kind:plan", "topic:genetic"]},
        [[PLAN, GENETIC]],
        [[PLAN], [PLAN, {"kind": "topic", "of": "mental-health"}], None],
    ),
    "numbers": (binding.all_of("x", "numbers"), {"x": ["1", "5"]}, [[1, 5]], [[1, 6], [1], ["1", "5"], None]),
    "an id that was copied": (binding.an_id("x"), {"x": f" {AMINA.upper()} "}, [AMINA], [BERT, None]),
    "a day": (binding.on("until"), LATER, ["2026-12-03"], ["2026-12-04", None]),
    "no day": (binding.on("until"), {}, [None], ["2026-12-03"]),
    "until the end of a day": (
        binding.on("until", "ends"),
        LATER,
        ["2026-12-04T00:00:00.000Z", "2026-12-03T10:00:00.000Z", "2026-12-04T12:00:00.000Z"],
        ["2026-12-06T00:00:00.000Z", "2026-12-02T00:00:00.000Z", "2027-12-03T00:00:00.000Z", None, "3 December"],
    ),
    "until nobody ends it": (binding.on("until", "ends"), {}, [None], ["2026-12-04T00:00:00.000Z"]),
    "from a day": (
        binding.on("until", "begins"),
        LATER,
        ["2026-12-03T00:00:00.000Z", "2026-12-02T10:00:00.000Z"],
        ["2026-12-04T00:00:00.000Z", "2026-12-02T00:00:00.000Z", None],
    ),
    "from today": (
        binding.on("x", "begins"),
        {"x-day": "22", "x-month": "11", "x-year": "2026"},
        [None, "2026-11-22T00:00:00.000Z"],
        ["2026-11-24T00:00:00.000Z"],
    ),
    "from what is no day": (binding.on("x", "begins"), {"x-day": "40"}, [], [None, "2026-11-22T00:00:00.000Z"]),
    "from when it was set": (
        binding.on("until", "begins", ("2026-12-03", "2026-12-03T14:30:00.000Z")),
        LATER,
        ["2026-12-03T14:30:00.000Z", "2026-12-03T00:00:00.000Z"],
        ["2026-12-03T15:30:00.000Z", "2026-12-04T14:30:00.000Z", None],
    ),
    "from another day than was set": (
        binding.on("until", "begins", ("2026-12-04", "2026-12-04T14:30:00.000Z")),
        LATER,
        ["2026-12-03T00:00:00.000Z"],
        ["2026-12-04T14:30:00.000Z", None],
    ),
    "until years after the day that stands there": (
        binding.on("until", "ends", ("2026-12-03", "2036-12-03T14:30:00.000Z")),
        LATER,
        ["2026-12-03T14:30:00.000Z"],
        ["2036-12-03T14:30:00.000Z", None],
    ),
    "hours": (
        binding.after("x", "hours"),
        {"x": "4", "began": "2026-11-22T09:30:00.000Z"},
        ["2026-11-22T13:30:00.000Z"],
        ["2026-11-22T13:30:00.001Z", "2026-11-23T13:30:00.000Z", None],
    ),
    "minutes": (
        binding.after("x", "minutes"),
        {"x": "15"},
        ["2026-11-22T10:15:00.000Z", "2026-11-22T10:17:00.000Z"],
        ["2026-11-22T11:15:00.000Z", "2026-11-22T10:00:00.000Z", None],
    ),
    "a time of day": (binding.clock("x"), {"x": "9:00"}, ["09:00"], ["9:00", "10:00", None]),
    "a passage": (binding.copied("x"), {"x": "slept  well\nand"}, ["slept well and"], ["slept well", "slept", None]),
    "no passage": (binding.copied("x"), {"x": ""}, [None], ["slept"]),
    "a measured value": (binding.begins_with("x"), {"x": "72,5"}, ["72,5 kg"], ["80 kg", "", None]),
    "a text under headings": (
        binding.headed("own", WISHES),
        {"own": "Be kind.", "matters": " ", "tell": "My sister."},
        ["Be kind.\n\nWhom to tell\nMy sister."],
        ["Be kind.", "My sister.\n\nBe kind.", "Be kind.\n\nWhom to tell\nMy sister.\n\nGive me everything.", None],
    ),
    "an object of fields": (
        binding.members(kind=binding.field("of"), id=binding.field("who")),
        {"of": "team", "who": AMINA},
        [{"kind": "team", "id": AMINA}],
        [{"kind": "person", "id": AMINA}, {"kind": "team"}, {"kind": "team", "id": AMINA, "more": True}, None],
    ),
    "an object of nothing": (binding.members(since=binding.on("x", "begins")), {}, [None, {"since": None}], [{}, []]),
    "what the service makes": (binding.MADE, {}, [AMINA, None, {"any": "thing"}], []),
}


@pytest.fixture(scope="module")
def modules() -> Iterator[Modules]:
    with running_modules() as running:
        yield running


def signs(modules: Modules, says: str, given: Given, **draft: Any) -> bool:
    """Would the page of this form sign this draft?"""
    pairs = [(name, one) for name, of in given.items() for one in ([of] if isinstance(of, str) else of)]
    statements = json.loads(unescape(says.removeprefix('data-says="').removesuffix('"')))
    asked = {"type": "wish-signed/1", "facts": {}, "words": None, "public": None, **draft}
    told = modules.try_to("bound", says=statements, pairs=pairs, draft=asked, now=NOW)
    assert told in ({"told": None}, {"error": f"Error: {asked['type']}"}), told
    return "told" in told


@pytest.mark.parametrize("what", CASES)
def test_each_member_is_what_was_chosen_and_nothing_else(modules: Modules, what: str) -> None:
    source, given, fit, unfit = CASES[what]
    facts = binding.says("wish-signed/1", {"member": source})
    words = binding.says("wish-signed/1", {}, {"member": source})
    for value in (*fit, *unfit):
        assert signs(modules, facts, given, facts={"member": value}) is (value in fit), value
        assert signs(modules, words, given, words={"member": value}) is (value in fit), value


def test_nothing_is_added_to_what_the_form_says_and_nothing_left_out(modules: Modules) -> None:
    says = binding.says("wish-signed/1", {"item": AMINA}, {"text": binding.field("text")})
    given: Given = {"text": "Mine."}
    said: dict[str, Any] = {"facts": {"item": AMINA}, "words": {"text": "Mine."}}
    assert signs(modules, says, given, **said)
    changes: list[dict[str, Any]] = [
        {"type": "wish-withdrawn/1"},
        {"facts": {}},
        {"facts": {"item": AMINA, "record": BERT}},
        {"words": None},
        {"words": {}},
        {"words": {"text": "Mine.", "reason": "And more."}},
        {"public": {"key": AMINA}},
    ]
    assert [change for change in changes if signs(modules, says, given, **{**said, **change})] == []


def test_where_nothing_is_written_there_need_be_no_words_but_none_are_made_up(modules: Modules) -> None:
    says = binding.says("wish-signed/1", {}, {"text": binding.field("text")})
    assert signs(modules, says, {"text": " "}, words=None)
    assert not signs(modules, says, {"text": " "}, words={"text": "I agree."})
    assert not signs(modules, binding.says("wish-signed/1", {}), {"text": "Mine."}, words={"text": "Mine."})


def test_a_form_of_several_statements_says_each_and_no_mixture(modules: Modules) -> None:
    has, lacks = ({"outcome": binding.chosen("x", {one: one})} for one in ("has", "lacks"))
    says = binding.says_any([("wish-signed/1", has, None), ("wish-withdrawn/1", lacks, None)])
    assert signs(modules, says, {"x": "has"}, facts={"outcome": "has"})
    assert signs(modules, says, {"x": "lacks"}, facts={"outcome": "lacks"}, type="wish-withdrawn/1")
    assert not signs(modules, says, {"x": "lacks"}, facts={"outcome": "lacks"})
    assert not signs(modules, says, {"x": "lacks"}, facts={"outcome": "has"})


def test_a_new_entry_is_of_one_kind_and_without_marks_that_nobody_set(modules: Modules) -> None:
    says = binding.adds({"record": BERT, "kind": "note"}, {"text": binding.field("text")})
    facts = {"record": BERT, "item": AMINA, "kind": "note", "topics": [], "parent": None, "concern": None, "due": None}
    facts |= {"in_confidence": False, "discussed": False, "copy_given": False, "imported": None}
    words = {"title": None, "text": "Slept well.", "quote": None, "data": None}
    told = {"type": "item-added/1", "words": words}
    assert signs(modules, says, {"text": "Slept well."}, facts=facts, **told)
    for change in ({"record": AMINA}, {"kind": "flag"}, {"topics": ["genetic"]}, {"discussed": True}):
        assert not signs(modules, says, {"text": "Slept well."}, facts={**facts, **change}, **told), change
