"""What is said and done in a story: items and what is said of them, sharing, looks, emergencies."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ledger.core.instants import DAY, HOUR, Instant
from ledger.core.terms import KINDS, TOPICS
from ledger.saying import By
from ledger.use_cases.items import Draft
from ledger.use_cases.sharing import Conversation, Directing
from ledger.use_cases.trail import Asked
from tests.absence.telling import Gone, Say, Teller
from tests.absence.worlds import World

# items


def add(teller: Teller, *, kind: str | None = None, who: By | None = None) -> None:
    """An item of any kind."""
    kind = kind or teller.rng.choice([kind for kind in KINDS if kind != "comment"])
    writers = {"contribution": (teller.sam, teller.neighbour), "experience": (teller.patient, teller.sam)}
    by = teller.by(who or teller.rng.choice(writers.get(kind, (teller.okafor, teller.lind))))
    topics = teller.rng.sample(TOPICS, teller.rng.choice((0, 0, 0, 1, 2)))
    confided = kind == "contribution" and teller.rng.random() < 0.6
    draft = Draft(kind, teller.text(), teller.rng.choice((None, "Review")), topics, in_confidence=confided)
    item, record = teller.thing(by, kind, None), teller.record
    teller.step(f"add {kind}", lambda world, _: world.ledger.items.add(by, record, draft), item)


def answer(teller: Teller) -> None:
    """A comment, a reply or a dispute."""
    parent, text, record = teller.item(), teller.text(), teller.record
    by = teller.by(teller.rng.choice((teller.patient, teller.okafor, teller.lind, teller.sam, teller.patient)))
    item = teller.thing(by, "comment", parent)
    how = teller.rng.choice(("comment", "reply", "dispute"))
    teller.step(how, lambda world, _: getattr(world.ledger.items, how)(by, record, parent, text), item, parent)


def on_item(teller: Teller) -> None:
    """Something said about an item."""
    item, record, text = teller.item(), teller.record, teller.text()
    who = teller.rng.choice((teller.okafor, teller.lind, teller.patient, teller.sam))
    clinician = teller.by(teller.rng.choice((teller.okafor, teller.lind)))
    by, patient, sam = teller.by(who), teller.by(teller.patient), teller.by(teller.sam)
    later, rng = Instant(teller.now + 10 * DAY), teller.rng
    topics, wrong = rng.sample(TOPICS, rng.choice((0, 1))), rng.random() < 0.3
    agreement, outcome = rng.choice(("agree", "disagree")), rng.choice(("amended", "declined"))
    leave = rng.choice(("given", "refused"))
    named, say = rng.choice(
        [
            ("amend", lambda world, _: world.ledger.items.amend(by, record, item, text, reason=text)),
            ("error", lambda world, _: world.ledger.items.mark_in_error(by, record, item, text, wrong_record=wrong)),
            ("topics", lambda world, _: world.ledger.items.set_topics(clinician, record, item, topics)),
            ("agree", lambda world, _: world.ledger.items.agree(patient, record, item, agreement, text=text)),
            ("answer", lambda world, _: world.ledger.items.answer_dispute(clinician, record, item, outcome, text)),
            ("second", lambda world, _: world.ledger.items.review_dispute(clinician, record, item, "upheld", text)),
            ("hold", lambda world, _: world.ledger.items.hold(clinician, record, item, later, text)),
            ("release", lambda world, _: world.ledger.items.release(by, record, item)),
            ("ask leave", lambda world, _: world.ledger.items.ask_leave(clinician, record, item, text)),
            ("leave", lambda world, _: world.ledger.items.answer_leave(sam, record, item, leave)),
            ("sign", lambda world, _: world.ledger.wishes.sign(patient, record, item)),
            ("withdraw wish", lambda world, _: world.ledger.wishes.withdraw(patient, record, item, text=text)),
        ]
    )
    teller.step(named, say, item)


def withhold(teller: Teller) -> None:
    """Keep an item from the patient, from carers or from screens."""
    item, record, text = teller.item(), teller.record, teller.text()
    by = teller.by(teller.rng.choice((teller.okafor, teller.lind)))
    kept_from, ground = teller.rng.choice(
        (("patient", "serious-harm"), ("patient", "safeguarding"), ("carers", "third-party"), ("screen", "agreed"),
         ("patient", "carer-confidence"))
    )  # fmt: skip
    today = teller.today()
    withholding = teller.name(by, "withholding")
    teller.withholdings.append((item, withholding))
    teller.step(
        f"withhold {ground}",
        lambda world, _: world.ledger.items.withhold(
            by, record, item, kept_from=kept_from, ground=ground, opinion=today,
            review=today + timedelta(days=90), reason=text,
        ),
        item,
    )  # fmt: skip


def lift(teller: Teller) -> None:
    """Lift a withholding."""
    if teller.withholdings:
        item, withholding = teller.rng.choice(teller.withholdings)
        by, record = teller.by(teller.okafor), teller.record
        teller.step("lift", lambda world, _: world.ledger.items.lift(by, record, item, withholding), item)


def erase(teller: Teller) -> None:
    """The words of an item are erased, by a guardian."""
    item, record, text = teller.item(), teller.record, teller.text()
    asked, erased = teller.by(teller.rng.choice((teller.patient, teller.okafor))), teller.by(teller.greta)
    erasure, basis = teller.name(asked, "erasure"), "unlawfully-processed"
    teller.erasures.append((item, erasure))
    teller.step("ask erasure", lambda world, _: world.ledger.erasing.ask(asked, record, item, basis, text), item)
    erases: Say = lambda world, _: world.ledger.erasing.erase(erased, record, item, erasure, basis)  # noqa: E731
    teller.step("erase", erases, item, by_guardian=True)


def direct(teller: Teller, *, grantee: dict[str, str] | None = None, effect: str | None = None, plain: bool = False,
           hidden: bool | None = None) -> None:  # fmt: skip
    """A directive of the patient's."""
    people = [{"kind": "person", "id": one.person} for one in (teller.sam, teller.sam, teller.lind)]
    grantee = grantee or teller.rng.choice(
        [*people, {"kind": "all-carers"}, {"kind": "team", "id": teller.begun.practice}]
    )
    scope, effect = teller.scope(), effect or teller.rng.choice(("share", "share", "withhold"))
    current = next((made for made, of in reversed(teller.directives) if of == (grantee, scope)), None)
    bare = plain or effect == "withhold"
    condition = None if bare else teller.rng.choice((None, {"kind": "together"}, {"kind": "when-unwell"}))
    ends = None if bare else teller.rng.choice((None, Instant(teller.now + 3 * DAY)))
    hidden = teller.rng.random() < 0.5 if hidden is None else hidden
    hidden = hidden and effect == "withhold"
    by, record = teller.by(teller.patient), teller.record
    teller.directives.append((teller.name(by, "directive"), (grantee, scope)))
    said = Directing(grantee, scope, effect, None, ends, condition, current, hidden)
    about = (scope["of"],) if scope["kind"] == "item" else ()
    teller.named_by_patient.update(about)
    teller.step(f"direct {effect}", lambda world, _: world.ledger.sharing.direct(by, record, said), *about)


def withdraw(teller: Teller) -> None:
    """A directive is withdrawn."""
    if teller.directives:
        directive, (_, scope) = teller.rng.choice(teller.directives)
        by, record = teller.by(teller.patient), teller.record
        about = (scope["of"],) if scope["kind"] == "item" else ()
        teller.step("withdraw", lambda world, _: world.ledger.sharing.withdraw(by, record, directive), *about)


def carer(teller: Teller) -> None:
    """Something about a carer as a whole."""
    by, record, rng = teller.by(teller.patient), teller.record, teller.rng
    person = rng.choice((teller.sam.person, teller.neighbour.person))
    how = rng.choice(("suspend", "restore", "freeze", "unfreeze", "restore", "unfreeze"))
    teller.step(how, lambda world, _: getattr(world.ledger.sharing, how)(by, record, person))


def together(teller: Teller) -> None:
    """They look together."""
    by, record, until = teller.by(teller.patient), teller.record, Instant(teller.now + 8 * HOUR)
    sam = teller.sam.person
    teller.togethers.append(teller.name(by, "together"))
    teller.step("together", lambda world, _: world.ledger.sharing.start_together(by, record, sam, until))


def wish(teller: Teller) -> None:
    """How results are to be told."""
    by, record, wish = teller.by(teller.patient), teller.record, teller.rng.choice(("at-once", "tell-me-first"))
    teller.step("results wish", lambda world, _: world.ledger.sharing.wish_results(by, record, wish))


def converse(teller: Teller) -> None:
    """A talk about carers."""
    by, record = teller.by(teller.okafor), teller.record
    teller.conversations.append(teller.name(by, "conversation"))
    talk = Conversation(teller.rng.choice(("agreed", "declined")), teller.sam.person, "presumed", teller.text())
    teller.step("conversation", lambda world, _: world.ledger.sharing.hold_conversation(by, record, talk))


def look(teller: Teller) -> None:
    """Somebody looks at the record, or at one item of it."""
    who, purpose = teller.rng.choice(
        ((teller.okafor, "appointment"), (teller.lind, "task"), (teller.sam, "shared-with-me"),
         (teller.patient, "own-record"), (teller.greta, "audit"))
    )  # fmt: skip
    item = teller.rng.choice((None, teller.item()))
    _look(teller, who, purpose, item, *(() if item is None else (item,)))


def _look(teller: Teller, who: By, purpose: str, item: str | None, *about: str) -> None:
    label = f"look {len(teller.looks)}"
    teller.looks.append(label)
    asked = Asked(teller.record, purpose, item=item)

    async def say(world: World, _: Gone) -> None:
        disclosure = await world.ledger.trail.open(who, asked)
        world.looks[label] = disclosure.id
        world.shown[label] = frozenset(shown.item for shown in disclosure.thread())

    teller.step(label, say, label, *about, by_guardian=who == teller.greta)


def question(teller: Teller) -> None:
    """The patient asks why somebody looked at the record, and it is answered."""
    if not teller.looks:
        return
    label, record, text = teller.rng.choice(teller.looks), teller.record, teller.text()
    asked, answered = teller.by(teller.patient), teller.by(teller.okafor)
    question = teller.name(asked, "question")
    teller.questions.append(question)
    teller.asked_about[question] = label

    async def say(world: World, _: Gone) -> None:
        await world.ledger.sharing.question_access(asked, record, world.looks.get(label, record), text)

    teller.step("question", say, label, question)
    teller.step("why", lambda world, _: world.ledger.sharing.answer_access(answered, record, question, text), question)


def emergency(teller: Teller) -> None:
    """Somebody from elsewhere opens the record; the guardian may delay the notice."""
    by, delayed, one_more = teller.by(teller.moss), teller.by(teller.greta), teller.by(teller.moss)
    record, text, item = teller.record, teller.text(), teller.item()
    emergency, until = teller.name(by, "emergency"), Instant(teller.now + 12 * HOUR)
    teller.emergencies.append(emergency)
    sharing: Callable[[World], Any] = lambda world: world.ledger.sharing  # noqa: E731 - a name for four calls
    opens: Say = lambda world, _: sharing(world).open_emergency(by, record, "life-at-risk", text, until)  # noqa: E731
    teller.step("emergency", opens, emergency)
    if teller.rng.random() < 0.7:
        later = Instant(teller.now + 71 * HOUR)
        teller.step(
            "delay",
            lambda world, _: sharing(world).delay_notice(delayed, record, emergency, later, text),
            emergency,
        )
    _look(teller, teller.moss, "emergency", None, emergency)
    teller.step(
        "open one more",
        lambda world, _: sharing(world).open_emergency_item(one_more, record, emergency, item),
        emergency,
        item,
    )
    if teller.rng.random() < 0.3:
        reviewed = teller.by(teller.greta)
        teller.step(
            "review",
            lambda world, _: sharing(world).review_emergency(reviewed, record, emergency, "justified", text),
            emergency,
        )
