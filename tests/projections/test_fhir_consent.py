"""What is shared as FHIR R4: sound Consents, which permit no more than their directives do."""

from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.terms import KINDS, TOPICS
from projections.fhir_consent import consents_of
from tests.projections.fhir_r4 import faults

AMINA = "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de"
PEOPLE = tuple(f"5c1f2a8e-6e0c-4d57-8a53-0d3a54a3c0d{n}" for n in range(4))
AT = "2026-05-03T09:00:00.000Z"

names = st.none() | st.sampled_from(["Sam Diallo", "The \x07 Practice"])
grantees = st.one_of(
    st.builds(lambda who, name: {"kind": "person", "id": who, "name": name}, st.sampled_from(PEOPLE[:2]), names),
    st.builds(lambda who, name: {"kind": "team", "id": who, "name": name}, st.sampled_from(PEOPLE[2:]), names),
    st.just({"kind": "all-carers", "id": None, "name": None}),
)
scopes = st.one_of(
    st.uuids(version=4).map(lambda item: {"kind": "item", "of": str(item)}),
    st.sampled_from([*TOPICS, "gender"]).map(lambda topic: {"kind": "topic", "of": topic}),
    st.sampled_from(KINDS).map(lambda kind: {"kind": "kind", "of": kind}),
    st.just({"kind": "everything"}),
)
hours = {"kind": "hours", "zone": "Europe/London", "days": [1, 7], "from": "09:00", "until": "17:30"}
conditions = st.sampled_from([None, hours, {"kind": "together"}, {"kind": "when-unwell"}])
ends = st.sampled_from([None, AT])


@st.composite
def directives(draw: st.DrawFn) -> dict[str, Any]:
    shares = draw(st.booleans())
    none = {"from": None, "until": None, "condition": None}
    terms = {"from": draw(ends), "until": draw(ends), "condition": draw(conditions)} if shares else none
    return {
        "id": str(draw(st.uuids(version=4))), "grantee": draw(grantees), "scope": draw(scopes),
        "effect": "share" if shares else "withhold", "terms": terms, "replaces": None, "hidden": False, "made_at": AT,
    }  # fmt: skip


views = st.lists(directives(), max_size=6, unique_by=lambda one: one["id"]).map(
    lambda said: {"patient": {"id": AMINA, "name": "Amina Diallo"}, "opened_at": AT, "directives": said}
)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


@given(views)
@settings(max_examples=200, deadline=None)
def test_each_directive_is_a_sound_consent_of_people_who_are_in_the_bundle(view: dict[str, Any]) -> None:
    bundle = consents_of(view)
    resources = [entry["resource"] for entry in bundle["entry"]]
    assert [fault for resource in resources for fault in faults(resource)] == []
    assert [one["id"] for one in resources if one["resourceType"] == "Consent"] == [
        one["id"] for one in view["directives"]
    ]
    named = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(named)) == len(named)
    items = {f"urn:uuid:{one['scope']['of']}" for one in view["directives"] if one["scope"]["kind"] == "item"}
    assert set(references(resources)) <= set(named) | items


@given(directives())
@settings(max_examples=300, deadline=None)
def test_what_narrows_a_share_cannot_be_overlooked(directive: dict[str, Any]) -> None:
    view = {"patient": {"id": AMINA, "name": None}, "opened_at": AT, "directives": [directive]}
    consent = consents_of(view)["entry"][-1]["resource"]
    root, shares, terms = consent["provision"], directive["effect"] == "share", directive["terms"]
    assert root["type"] == "deny"
    assert "extension" not in {**consent, **root}
    said = root["provision"][0] if shares else root
    assert said["type"] == ("permit" if shares else "deny")
    urls = {one["url"].rpartition(":")[2] for one in said.get("modifierExtension", [])}
    condition = terms["condition"]
    asked = {None: set(), "hours": {"only-during"}, "together": {"only-together"}, "when-unwell": {"only-when-unwell"}}
    wanted = set(asked[None if condition is None else condition["kind"]])
    if shares and directive["scope"]["kind"] in ("kind", "everything"):
        wanted.add("without-sensitive-topics")
    if shares and directive["scope"]["kind"] == "topic":
        wanted.add("only-if-every-topic-is-shared")
    assert urls == wanted
    period = {"start": terms["from"], "end": terms["until"]}
    assert said.get("period", {}) == {name: at for name, at in period.items() if at is not None}
    narrowed = {"data", "securityLabel", "code"} & said.keys()
    by_scope = {"item": {"data"}, "topic": {"securityLabel"}, "kind": {"code"}, "everything": set()}
    assert narrowed == by_scope[directive["scope"]["kind"]]
