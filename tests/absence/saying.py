"""What is said over HTTP in a story: the example of each operation's document, of this record and of now."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ledger.core.instants import HOUR, Instant, format_instant
from tests.absence.scene import UNKNOWN, Ask, Asks, Scene


def says(path: str, example: Mapping[str, Any]) -> Asks:
    """What is said by an operation: the example of its document, of hidden, shown and unknown things."""

    def asks(scene: Scene) -> Iterator[Ask]:
        about_an_item = "{item}" in path
        # What is about a record as a whole is said once: a second time it is refused for having been said.
        for item in scene.items() if about_an_item or "item" in example else [scene.one(scene.hidden)]:
            body = {name: _adapted(scene, name, value, item) for name, value in example.items()}
            by = scene.teller.by(scene.reader)
            of = item if about_an_item else None
            yield Ask("POST", _filled(scene, path, item), body=body, of=of, statement=by.statement_id)

    return asks


def _filled(scene: Scene, path: str, item: str) -> str:
    teller = scene.teller
    named = {
        "record": teller.record, "item": item, "person": scene.one([teller.sam.person, teller.neighbour.person]),
        "care": scene.one([teller.care]), "assessment": scene.one(teller.assessments),
        "power": scene.one(teller.powers), "parental": scene.one(teller.parentals), "best_interests": UNKNOWN,
        "withholding": next((held for of, held in teller.withholdings if of == item), UNKNOWN),
        "directive": scene.one([made for made, _ in teller.directives]), "together": scene.one(teller.togethers),
        "emergency": scene.one(teller.emergencies), "question": scene.one(teller.questions), "case": UNKNOWN,
    }  # fmt: skip
    return path.format(**named)


def _adapted(scene: Scene, name: str, value: Any, item: str) -> Any:
    """A member of an example, of this record, and of now."""
    teller, now = scene.teller, scene.now
    today = datetime.fromtimestamp(now / 1000, UTC).date()
    members: dict[str, Any] = {
        "made_at": format_instant(now), "until": format_instant(Instant(now + HOUR)), "item": item,
        "person": teller.sam.person, "carer": teller.sam.person, "auditor": teller.greta.person,
        "patient": teller.patient.person, "team": teller.begun.practice, "record": teller.record,
        "disclosure": f"{{{scene.one(scene.gone_looks)}}}" if scene.gone_looks else UNKNOWN,
        "erasure": next((asked for of, asked in teller.erasures if of == item), UNKNOWN),
        "assessment": scene.one(teller.assessments), "opinion_date": today.isoformat(), "died": today.isoformat(),
        "review_date": (today + timedelta(days=60)).isoformat(), "except": [{"kind": "item", "of": item}],
        "scope": {"kind": "item", "of": item}, "relevant": [{"kind": "item", "of": item}],
        "grantee": {"kind": "person", "id": teller.sam.person},
    }  # fmt: skip
    adapted = members.get(name, value)
    return [adapted] if isinstance(value, list) and not isinstance(adapted, list) else adapted
