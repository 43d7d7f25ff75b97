"""Everything that somebody may ask of a record over HTTP: each operation of the API, with what one would ask of it.

What is asked of a hidden thing is asked of an unknown one too. ``ASKED`` and ``EXCLUDED`` together are the API: an
operation that is new fails the test until it is in one of them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ledger.core import canonical
from ledger.core.instants import format_instant
from ledger.core.matters import MATTER_KINDS
from ledger.core.sealing import Opening
from ledger.core.statement import Statement, sign
from ledger.core.terms import KINDS
from tests.absence.scene import UNKNOWN, Ask, Asks, Scene
from tests.absence.telling import WORDS
from tests.story import KEYRING

_SIGNS_IN: Final = (
    "sign_in.passkey_options", "sign_in.passkey", "sign_in.providers", "sign_in.at_provider", "sign_in.from_provider",
    "session.again_options", "session.again", "session.show", "session.act_as", "session.end", "session.nonces",
    "sessions.list", "sessions.end_one", "sessions.end_others", "sessions.end_all", "passkeys.list", "passkeys.make",
    "passkeys.options", "passkeys.rename", "passkeys.end", "identities.list", "identities.link", "identities.end",
    "invitations.open", "invitations.accept", "invitations.accept_at_provider", "recovery.code", "recovery.make_code",
    "recovery.use_code",
)  # fmt: skip
EXCLUDED: Final = {
    **dict.fromkeys(_SIGNS_IN, "of who is signed in and by what: it reads no record"),
    "passkeys.waiting": "registrars only, and of no record",
    "people.enrol_passkey": "registrars only, and of no record",
    "people.revoke_passkey": "of a passkey, and of no record",
    "people.invite": "registrars and administrators only, and of no record",
    "people.register_carer": "answers with secrets that are drawn anew each time; of the record it reads whose it is",
    "directory.people": "administrators and registrars only, and of no record",
    "directory.person": "administrators and registrars only, and of no record",
    "directory.teams": "administrators and registrars only, and of no record",
    "people.ask_recovery": "registrars and administrators only, and of no record",
    "people.approve_recovery": "registrars and administrators only, and of no record",
    "people.leave": "administrators only, and of no record",
    "sign_in.token": "signs in: it reads keys, and no record; each token of this walk comes from it",
    "people.register": "administrators only, and of no record",
    "people.grant": "administrators only, and of no record",
    "people.approve": "administrators only, and of no record",
    "people.end_role": "administrators only, and of no record",
    "people.form_team": "administrators only, and of no record",
    "people.join_team": "administrators only, and of no record",
    "people.leave_team": "administrators only, and of no record",
    "people.enrol_key": "registrars only, and of no record",
    "people.revoke_key": "ends the very token by which the rest is asked; of no record",
    "people.set_policy": "administrators only, and of no record",
    "exports.bundle": "a zip of the pages of trail.open, where no chance can be masked, and of receipts",
    "log.checkpoint": "the log is public: it counts every statement of the whole ledger, hidden or not (threat model)",
    "log.checkpoint_recorded": "as log.checkpoint",
    "log.verifier": "the log's keys, the same for everybody",
    "log.entries": "as log.checkpoint: sealed entries, readable to nobody",
    "log.tile": "as log.checkpoint",
    "log.integrity": "auditors, guardians and administrators only, of the log as a whole",
    "cases.list": "auditors, guardians and administrators only, and of no record's items",
    "log.prove_inclusion": "as log.checkpoint",
    "log.prove_consistency": "as log.checkpoint",
}
"""Operations that are not asked, each with the reason."""


def _records(scene: Scene) -> Iterator[Ask]:
    for limit in (7, 50):
        yield Ask("GET", "/records", scene.query(limit=limit), pages=True)
        yield Ask("GET", "/records", scene.query(limit=limit, named="true"), pages=True)


def _record(scene: Scene) -> Iterator[Ask]:
    kinds = scene.rng.sample(KINDS, 3)
    for query in ({"limit": 1}, {"limit": 3}, {}, {"kind": kinds[:1], "limit": 2}, {"kind": kinds}, {"via": "print"}):
        yield Ask("GET", scene.record, scene.query(**query), pages=True)
    yield Ask("GET", scene.record, scene.query(cursor="A" * 70))
    yield Ask("GET", scene.record, scene.query(via="in-person"), pages=True)


def _item(scene: Scene) -> Iterator[Ask]:
    for item in [*scene.hidden, *scene.items()]:
        yield Ask("GET", f"{scene.record}/items/{item}", scene.query(), of=item)
    yield Ask("GET", f"{scene.record}/items/{scene.one(scene.hidden)}", scene.query(via="print"))


def _preview(path: str) -> Asks:
    def asks(scene: Scene) -> Iterator[Ask]:
        for acting_as in ("carer", "attorney", "parent"):
            query = {"carer": scene.teller.sam.person, "acting_as": acting_as}
            yield Ask("GET", f"{scene.record}/{path}", scene.query(**query, limit=scene.rng.choice((1, 4))), pages=True)
        yield Ask("GET", f"{scene.record}/{path}", scene.query(carer=scene.teller.neighbour.person))

    return asks


def _preview_of_item(scene: Scene) -> Iterator[Ask]:
    for item in scene.items():
        yield Ask("GET", f"{scene.record}/items/{item}/preview", scene.query(), of=item)


def _search(scene: Scene) -> Iterator[Ask]:
    for text, limit in ((scene.rng.choice(WORDS), 1), ("cafe", 2), (" ".join(scene.rng.sample(WORDS, 2)), 50)):
        yield Ask("GET", f"{scene.record}/search", scene.query(text=text, limit=limit), pages=True)


def _matters(scene: Scene) -> Iterator[Ask]:
    yield Ask("GET", f"{scene.record}/matters", scene.query())
    for kind in MATTER_KINDS:
        yield Ask("GET", f"{scene.record}/matters", scene.query(kind=kind))


def _sharing(scene: Scene) -> Iterator[Ask]:
    yield Ask("GET", f"{scene.record}/sharing", scene.query())


def _sharing_as_fhir(scene: Scene) -> Iterator[Ask]:
    yield Ask("GET", f"{scene.record}/sharing/fhir", scene.query())


def _presets(scene: Scene) -> Iterator[Ask]:
    sam = scene.teller.sam.person
    for preset in ("medicines", "plan", "freeze"):
        yield Ask("GET", f"{scene.record}/presets", scene.query(preset=preset, person=sam))
    yield Ask("GET", f"{scene.record}/presets", scene.query(preset="stop"))
    ticked = ["kind:letter", *(f"item:{item}" for item in scene.items())]
    query = scene.query(preset="everything-except", person=sam)
    yield Ask("GET", f"{scene.record}/presets", {**query, "except": ticked})


def _lines(scene: Scene) -> Iterator[dict[str, Any]]:
    teller, rng = scene.teller, scene.rng
    yield {"limit": 3}
    yield {}
    for one in (teller.okafor, teller.moss, teller.greta):
        yield {"viewer": one.person}
    yield {"team": teller.begun.practice}
    yield {"rule": rng.choice(("direct-care", "own-record", "emergency", "shared"))}
    yield {"emergency": rng.choice(("true", "false")), "limit": 2}
    yield {"refused": rng.choice(("true", "false"))}
    yield {"for_purpose": rng.choice(("appointment", "emergency", "task"))}
    yield {"via": rng.choice(("screen", "trail", "preview"))}
    since = format_instant(rng.choice(teller.steps).at)
    yield {"since": since}
    yield {"until": since, "limit": 2}


def _trail(scene: Scene) -> Iterator[Ask]:
    for query in _lines(scene):
        yield Ask("GET", f"{scene.record}/trail", scene.query(**query), pages=True)
    for item in scene.items():
        yield Ask("GET", f"{scene.record}/trail", scene.query(item=item), pages=True, of=item)


def _days(scene: Scene) -> Iterator[Ask]:
    yield Ask("GET", f"{scene.record}/trail/days", scene.query())
    zone = scene.rng.choice(("UTC", "Pacific/Auckland", "America/New_York"))
    yield Ask("GET", f"{scene.record}/trail/days", scene.query(days=28, zone=zone))


def _across(scene: Scene) -> Iterator[Ask]:
    for query in _lines(scene):
        yield Ask("GET", "/trail", scene.query(**query), pages=True)


def _replay(scene: Scene) -> Iterator[Ask]:
    yield Ask("GET", "/trail/replay", scene.query(case=UNKNOWN), pages=True)


def _export(scene: Scene) -> Iterator[Ask]:
    for query in _lines(scene):
        wanted = {name: value for name, value in query.items() if name != "limit"}
        yield Ask("GET", "/trail/export", scene.query(**wanted, format=scene.rng.choice(("csv", "ndjson"))))


def _seen_by(scene: Scene) -> Iterator[Ask]:
    for item in scene.items():
        yield Ask("GET", f"{scene.record}/items/{item}/seen-by", scene.query(limit=2), pages=True, of=item)


def _line(scene: Scene) -> Iterator[Ask]:
    for label in [*scene.gone_looks[:3], *scene.rng.sample(scene.teller.looks, min(3, len(scene.teller.looks)))]:
        yield Ask("GET", f"{scene.record}/trail/{{{label}}}", scene.query(limit=2), pages=True)
    yield Ask("GET", f"{scene.record}/trail/{UNKNOWN}", scene.query())


def _as_of(scene: Scene) -> Iterator[Ask]:
    teller, rng = scene.teller, scene.rng
    for who, seen in ((teller.sam, False), (teller.okafor, False), (teller.lind, True), (teller.moss, True),
                      (teller.moss, False), (teller.patient, False), (teller.sam, True)):  # fmt: skip
        at = format_instant(rng.choice((scene.now, rng.choice(teller.steps).at)))
        query = {"person": who.person, "acting_as": who.acting_as, "at": at, "seen": str(seen).lower()}
        yield Ask("GET", f"{scene.record}/as-of", scene.query(**query, limit=rng.choice((1, 50))), pages=True)


def _worklist(scene: Scene) -> Iterator[Ask]:
    for query in ({"limit": 1}, {"limit": 50}, {"overdue": "true"}, {"kind": ["dispute", "recommendation"]}):
        yield Ask("GET", "/worklist", scene.query(**query), pages=True)


def _counts(scene: Scene) -> Iterator[Ask]:
    yield Ask("GET", "/worklist/counts", scene.query())


def _notices(scene: Scene) -> Iterator[Ask]:
    for limit in (1, 2, 50):
        yield Ask("GET", "/notices", scene.query(limit=limit), pages=True)


def _keys(scene: Scene) -> Iterator[Ask]:
    for one in (scene.reader, scene.teller.okafor, scene.teller.sam):
        yield Ask("GET", f"/people/{one.person}/keys")
    yield Ask("GET", f"/people/{UNKNOWN}/keys")


def _recoveries(scene: Scene) -> Iterator[Ask]:
    for person in (scene.reader.person, UNKNOWN):
        yield Ask("GET", f"/people/{person}/recovery")


def _statements(scene: Scene) -> Iterator[Ask]:
    for limit in (1, 50):
        yield Ask("GET", f"/people/{scene.reader.person}/statements", {"limit": limit}, pages=True)
    yield Ask("GET", f"/people/{scene.teller.okafor.person}/statements")


def _receipt(scene: Scene) -> Iterator[Ask]:
    for item in scene.items():
        author, statement = scene.teller.statements.get(item, (scene.teller.okafor.person, UNKNOWN))
        for standing in ({}, {"standing": "recorded"}):
            yield Ask("GET", f"/statements/{author}/{statement}/receipt", standing)


def _receipts(scene: Scene) -> Iterator[Ask]:
    for item in [*scene.hidden, *scene.items()]:
        yield Ask("GET", f"{scene.record}/items/{item}/receipts", scene.query(), of=item)


def _receipts_of_matter(scene: Scene) -> Iterator[Ask]:
    """Of every matter of the story, of an item, and of what nobody knows."""
    teller = scene.teller
    matters = [*teller.conversations, *teller.emergencies, *teller.questions, *teller.assessments]
    for matter in [*matters, *teller.opened_in_best_interests, *scene.items()]:
        yield Ask("GET", f"{scene.record}/matters/{matter}/receipts", scene.query(), of=matter)


def _submit(scene: Scene) -> Iterator[Ask]:
    """Signed by the reader's own key: what is said of a hidden item, and of an unknown one."""
    kinds: tuple[tuple[str, dict[str, Any], Any], ...] = (
        ("item-amended/1", {}, {"text": "x", "reason": None}),
        ("wish-signed/1", {}, None),
        ("agreement-stated/1", {"agreement": "agree"}, None),
    )
    for item in scene.items():
        for statement_type, facts, words in kinds:
            yield _signed(scene, statement_type, {"record": scene.teller.record, "item": item, **facts}, words)


def _signed(scene: Scene, statement_type: str, facts: dict[str, Any], words: dict[str, Any] | None) -> Ask:
    salt = bytes(range(32))
    of_facts = Opening(salt, canonical.encode(facts))
    of_words = None if words is None else Opening(salt, canonical.encode(words))
    by = scene.teller.by(scene.reader)
    statement = Statement(
        id=by.statement_id or "", ledger=KEYRING.origin, type=statement_type, author=by.person,
        acting_as=by.acting_as, made_at=scene.now, facts=of_facts.commitment,
        words=None if of_words is None else of_words.commitment,
    )  # fmt: skip
    opens = {"salt": canonical.base64url(salt)}
    body = {
        "statement": sign(statement, scene.key.signer).jws,
        "facts": {**opens, "body": facts},
        "words": None if words is None else {**opens, "body": words},
    }
    return Ask("POST", "/statements", body=body)


ASKED: Final[Mapping[str, Asks]] = {
    "records.list": _records, "trail.open": _record, "trail.open_item": _item, "preview.view": _preview("preview"),
    "preview.outline": _preview("preview/outline"), "preview.of_item": _preview_of_item,
    "search.items": _search, "matters.list": _matters,
    "sharing.read": _sharing, "sharing.read_as_fhir": _sharing_as_fhir, "presets.plan": _presets,
    "trail.who_looked": _trail, "trail.who_looked_across": _across, "trail.seen_by": _seen_by, "trail.in_full": _line,
    "trail.as_of": _as_of, "trail.days": _days, "trail.replay": _replay, "trail.export": _export,
    "worklist.read": _worklist, "worklist.count": _counts, "notices.read": _notices, "people.keys": _keys,
    "people.recoveries": _recoveries,
    "people.statements": _statements,
    "statements.receipt": _receipt, "items.receipts": _receipts, "matters.receipts": _receipts_of_matter,
    "statements.submit": _submit,
}  # fmt: skip
"""What is asked of each operation that shows something, and of the one that takes what its author signed."""


def asked_always(scene: Scene) -> list[Ask]:
    """What is asked in every story: the whole record and what is hidden in it; of the trail and the like by who may."""
    asks = [
        Ask("GET", scene.record, scene.query()),
        Ask("GET", scene.record, scene.query(limit=3), pages=True),
        *(Ask("GET", f"{scene.record}/items/{item}", scene.query(), of=item) for item in scene.items()),
    ]
    if scene.reader.acting_as in ("patient", "parent"):
        asks += [
            Ask("GET", f"{scene.record}/trail", scene.query(limit=5), pages=True),
            Ask("GET", f"{scene.record}/trail/days", scene.query()),
            Ask("GET", f"{scene.record}/matters", scene.query()),
            Ask("GET", f"{scene.record}/sharing", scene.query()),
        ]
    if scene.reader.acting_as == "patient":
        asks.append(Ask("GET", "/notices", scene.query(limit=3), pages=True))
    return asks
