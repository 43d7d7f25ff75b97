"""How each operation is asked: with ids of things that are there, and the example of its body, brought up to date.

An operation that is not in the table is asked as its document says: with the record and the item, and its example.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from ledger.core.instants import DAY, HOUR
from ledger.ledger import Ledger
from ledger.saying import By
from tests.http.served import Client, new_key
from tests.http.test_statements import signed
from tests.matrix.around import AT, PARTS, Around, around
from tests.matrix.cast import Cast
from tests.signing import enrol

Make = Callable[[Around], Awaitable[Any]]
"""Makes what a path names: an id, or a tuple of them where the key names several, with a comma between."""


@dataclass(frozen=True)
class Ask:
    """How one operation is asked.

    ``path`` makes what the path names besides the record. ``body`` replaces members of the example (``None`` leaves one
    out); it is given who asks. ``on`` is the kind of record, and ``alone`` says that whoever is permitted changes what
    others may do, so that each of them is asked around a record of their own. ``own`` makes what the path names of the
    one who asks; ``each``: everybody's request is another.
    """

    path: Mapping[str, Make] = field(default_factory=dict)
    body: Callable[[Around, Client], Awaitable[dict[str, Any]] | dict[str, Any]] = lambda _, __: {}
    query: Callable[[Around], dict[str, Any]] = lambda _: {}
    on: str = ""
    alone: bool = False
    own: Callable[[Around, Client], Awaitable[dict[str, str]]] | None = None
    each: bool = False


async def _died(ledger: Ledger, cast: Cast) -> Around:
    made = await around(ledger, cast)
    await ledger.representation.record_death(cast.okafor, made.record, made.today)
    return made


PLACES: Final[Mapping[str, Callable[[Ledger, Cast], Awaitable[Around]]]] = {
    "adult": around,
    "child": lambda ledger, cast: around(ledger, cast, years=5),
    "young": lambda ledger, cast: around(ledger, cast, years=13),
    "dead": _died,
}
"""The kinds of records. A parent asks about a child's, where nothing else is said; everybody else about an adult's."""


def _until(milliseconds: int = HOUR) -> Callable[[Around, Client], dict[str, Any]]:
    return lambda a, _: {"until": a.until(milliseconds)}


async def _withheld(a: Around, _: Client) -> dict[str, Any]:
    return {"opinion_date": a.today.isoformat(), "review_date": (a.today + timedelta(days=90)).isoformat()}


async def _assessed(a: Around, _: Client) -> dict[str, Any]:
    return {"matter": "research", "until": a.until(DAY), "relevant": PARTS}


async def _in_best_interests(a: Around, _: Client) -> dict[str, Any]:
    return {"assessment": await a.an_assessment("sharing"), "person": a.cast.noor.person, "until": a.until()}


async def _released(a: Around, _: Client) -> dict[str, Any]:
    return {"person": a.cast.noor.person, "until": a.until()}


async def _power(a: Around, _: Client) -> dict[str, Any]:
    return {"person": await a.a_person()}


async def _directed(a: Around, _: Client) -> dict[str, Any]:
    return {"grantee": {"kind": "person", "id": await a.a_carer()}, "until": a.until(), "condition": None}


async def _together(a: Around, _: Client) -> dict[str, Any]:
    return {"carer": await a.a_carer(), "until": a.until()}


async def _named(a: Around, _: Client) -> dict[str, Any]:
    return {"person": await a.a_person()}


async def _cared_for(a: Around, _: Client) -> dict[str, Any]:
    return {"team": None, "person": a.cast.hale.person, "until": a.until()}


async def _preset(a: Around, _: Client) -> dict[str, Any]:
    return {"person": await a.a_carer()}


async def _questioned(a: Around, _: Client) -> dict[str, Any]:
    return {"disclosure": await a.a_look()}


async def _case(a: Around, _: Client) -> dict[str, Any]:
    return {"auditor": a.cast.ruth.person, "record": a.record, "period": None, "until": a.until()}


async def _key(a: Around, _: Client) -> dict[str, Any]:
    return {"jwk": new_key().signer.public.jwk, "not_after": None}


async def _a_waiting_administrator(a: Around) -> str:
    person = await a.a_person()
    await a.ledger.people.grant(a.cast.ada, person, "auditor")
    return person


async def _a_clinician(a: Around) -> str:
    person = await a.a_person()
    await a.ledger.people.grant(a.cast.ada, person, "clinician")
    return person


async def _a_member(a: Around) -> tuple[str, str]:
    person = await a.a_person()
    await a.ledger.people.join_team(a.cast.ada, a.cast.teams[1], person)
    return a.cast.teams[1], person


async def _a_key(a: Around) -> tuple[str, str]:
    person, key = await a.a_person(), new_key().signer
    await a.ledger.people.enrol_key(By(a.cast.bert.person, "registrar"), person, key.public)
    return person, key.kid


async def _oneself(_: Around, who: Client) -> dict[str, str]:
    return {"person": who.by.person}


async def _own_key(a: Around, who: Client) -> dict[str, str]:
    key, oneself = new_key(), By(who.by.person, "patient")
    await enrol(a.ledger, oneself, who.key.signer, who.by.person, key.signer.public)
    return {"person": who.by.person, "kid": key.signer.kid}


async def _session_of(a: Around, person: str) -> str:
    begun = await a.cast.doors.sessions.begin(person, "patient", means="passkey", browser="")
    return str(begun.session.id)


async def _a_session(a: Around) -> str:
    return await _session_of(a, await a.a_person())


async def _own_session(a: Around, who: Client) -> dict[str, str]:
    return {"session": await _session_of(a, who.by.person)}


async def _a_passkey(a: Around) -> str:
    return (await a.a_passkey()).id


async def _own_passkey(a: Around, who: Client) -> dict[str, str]:
    return {"credential": (await a.a_passkey(who.by.person)).id}


async def _a_waiting_passkey(a: Around) -> tuple[str, str]:
    kept = await a.a_passkey()
    return kept.person, kept.kid


async def _an_enrolled_passkey(a: Around) -> tuple[str, str]:
    kept = await a.a_passkey()
    registrar = By(a.cast.bert.person, "registrar")
    await a.ledger.people.enrol_passkey(registrar, kept.person, kept.passkey(AT.rp))
    return kept.person, kept.kid


async def _a_recovery(a: Around) -> tuple[str, str]:
    person = await a.a_person()
    asked = await a.ledger.people.ask_recovery(a.cast.ada, person)
    return person, str(asked.facts["recovery"])


async def _acting_as(_: Around, who: Client) -> dict[str, Any]:
    return {"acting_as": who.by.acting_as}


async def _a_patient(a: Around, _: Client) -> dict[str, Any]:
    return {"patient": await a.a_person()}


async def _the_power(a: Around) -> tuple[str, str]:
    return a.power or await a.a_power(), a.cast.vera.person


async def _a_suspended(a: Around) -> str:
    carer = await a.a_carer()
    await a.ledger.sharing.suspend(a.patient, a.record, carer)
    return carer


async def _a_frozen(a: Around) -> str:
    carer = await a.a_carer()
    await a.ledger.sharing.freeze(a.patient, a.record, carer)
    return carer


async def _a_statement(a: Around) -> tuple[str, str]:
    said = await a.ledger.items.comment(a.cast.okafor, a.record, a.item, "Rest.")
    return a.cast.okafor.person, said.statement_id


async def _signed(a: Around, who: Client) -> dict[str, Any]:
    return signed(who, {"record": a.record, "wish": "tell-me-first"})


NO_QUOTE: Final = lambda _, __: {"quote": None}  # noqa: E731 - a name for what two operations leave out
PREVIEWED: Final = lambda a: {"carer": a.cast.sam.person}  # noqa: E731
LOOKED_BACK: Final = lambda a: {  # noqa: E731
    "person": a.cast.okafor.person, "acting_as": "clinician", "at": a.until(), "for_purpose": "appointment",
}  # fmt: skip

ASKS: Final[Mapping[str, Ask]] = {
    # people
    "directory.person": Ask({"person": Around.a_person}),
    "people.grant": Ask({"person": Around.a_person}, lambda _, __: {"until": None}),
    "people.approve": Ask({"person": _a_waiting_administrator, "role": lambda _: _is("auditor")}),
    "people.end_role": Ask({"person": _a_clinician, "role": lambda _: _is("clinician")}),
    "people.join_team": Ask({"team": lambda a: _is(a.cast.teams[1])}, _named),
    "people.leave_team": Ask({"team,person": _a_member}),
    "people.enrol_key": Ask({"person": Around.a_person}, _key),
    "people.revoke_key": Ask({"person,kid": _a_key}),
    "people.revoke_key:own": Ask(own=_own_key),
    "people.enrol_key:own": Ask(body=_key, own=_oneself),
    "people.keys": Ask({"person": Around.a_person}),
    "people.keys:own": Ask(own=_oneself),
    "people.statements": Ask({"person": Around.a_person}),
    "people.statements:own": Ask(own=_oneself),
    "people.recoveries": Ask({"person": Around.a_person}),
    "people.recoveries:own": Ask(own=_oneself),
    "people.invite": Ask({"person": Around.a_person}),
    "people.leave": Ask({"person": _a_clinician}),
    "people.ask_recovery": Ask({"person": Around.a_person}),
    "people.approve_recovery": Ask({"person,recovery": _a_recovery}),
    "people.enrol_passkey": Ask({"person,kid": _a_waiting_passkey}),
    "people.revoke_passkey": Ask({"person,kid": _an_enrolled_passkey}),
    # one's own sessions and ways in
    "session.again_options": Ask(own=_own_passkey),
    "session.act_as": Ask(body=_acting_as, each=True),
    "sessions.end_one": Ask({"session": _a_session}),
    "sessions.end_one:own": Ask(own=_own_session),
    "passkeys.rename": Ask({"credential": _a_passkey}),
    "passkeys.rename:own": Ask(own=_own_passkey),
    "passkeys.end": Ask({"credential": _a_passkey}),
    "passkeys.end:own": Ask(body=lambda _, __: {"even_the_last": True}, own=_own_passkey),
    "sign_in.at_provider": Ask({"provider": lambda _: _is("nobody")}),
    "sign_in.from_provider": Ask({"provider": lambda _: _is("nobody")}),
    # records
    "care.open_record": Ask(body=_a_patient),
    "care.start": Ask(body=_cared_for, alone=True),
    "care.end": Ask({"care": Around.a_care}),
    "care.transfer": Ask({"care": Around.a_care}, lambda a, _: {"team": a.cast.teams[1]}, alone=True),
    "care.name_carer": Ask(body=_named),
    "care.end_carer": Ask({"person": Around.a_carer}),
    "preview.view": Ask(query=PREVIEWED),
    "preview.outline": Ask(query=PREVIEWED),
    "preview.of_item": Ask(),
    "matters.receipts": Ask({"matter": Around.a_conversation}),
    "search.items": Ask(query=lambda _: {"text": "slept"}),
    "presets.plan": Ask(query=lambda _: {"preset": "stop"}),
    "presets.carry_out": Ask(body=_preset),
    "trail.in_full": Ask({"disclosure": Around.a_look}),
    "trail.as_of": Ask(query=LOOKED_BACK),
    # who decides
    "representation.state_birth": Ask(body=lambda _, __: {"born": "1980-02-29"}, alone=True),
    "representation.assess_capacity": Ask(body=_assessed),
    "representation.withdraw_assessment": Ask({"assessment": Around.an_assessment}),
    "representation.register_power": Ask(body=_power),
    "representation.exercise_power": Ask({"power": lambda a: a.a_power(joint=True)}, _until()),
    "representation.end_power": Ask({"power,person": _the_power}, alone=True),
    "representation.register_parent": Ask(body=_named, on="child"),
    "representation.review_parent": Ask({"parental": Around.a_parental}, _until(DAY), on="young"),
    "representation.end_parent": Ask({"parental": Around.a_parental}, on="child"),
    "representation.disclose_in_best_interests": Ask(body=_in_best_interests, alone=True),
    "representation.end_best_interests": Ask({"best_interests": Around.a_best_interests}, alone=True),
    "representation.record_death": Ask(body=lambda a, _: {"died": a.today.isoformat()}, alone=True),
    "representation.retract_death": Ask(on="dead", alone=True),
    "representation.release_after_death": Ask(body=_released, on="dead"),
    # items
    "items.add:contribution": Ask(body=lambda _, __: {"kind": "contribution", "topics": [], "discussed": False}),
    "items.comment": Ask(body=NO_QUOTE),
    "items.dispute": Ask(body=NO_QUOTE),
    "items.mark_in_error": Ask({"item": Around.an_item}),
    "items.set_topics": Ask({"item": Around.an_item}),
    "items.answer_dispute": Ask({"item": Around.a_dispute}),
    "items.review_dispute": Ask({"item": Around.a_declined_dispute}),
    "items.withhold": Ask({"item": Around.an_item}, _withheld),
    "items.lift": Ask({"item,withholding": Around.a_withholding}),
    "items.hold": Ask({"item": lambda a: a.an_item("result")}, _until(DAY)),
    "items.release": Ask({"item": Around.a_held_result}),
    "items.ask_leave": Ask({"item": Around.a_confidence}),
    "items.answer_leave": Ask({"item": Around.a_confidence_asked_about}),
    "wishes.sign": Ask({"item": Around.a_wish}),
    "wishes.review": Ask({"item": lambda a: a.a_wish(signed=True)}),
    "wishes.withdraw": Ask({"item": lambda a: a.a_wish(signed=True)}),
    "erasing.ask": Ask({"item": Around.an_item}),
    "erasing.erase": Ask({"item,erasure": Around.an_erasure}),
    # sharing
    "sharing.direct": Ask(body=_directed),
    "sharing.withdraw": Ask({"directive": Around.a_directive}),
    "sharing.wish_results": Ask(alone=True),
    "sharing.start_together": Ask(body=_together),
    "sharing.end_together": Ask({"together": Around.a_together}),
    "sharing.suspend": Ask({"person": Around.a_carer}),
    "sharing.restore": Ask({"person": _a_suspended}),
    "sharing.freeze": Ask({"person": Around.a_carer}),
    "sharing.unfreeze": Ask({"person": _a_frozen}),
    "sharing.stop": Ask(alone=True),
    "sharing.hold_conversation": Ask(body=lambda a, _: {"person": a.cast.noor.person}),
    # emergencies, questions, cases
    "sharing.open_emergency": Ask(body=_until(), alone=True),
    "sharing.open_emergency_item": Ask({"emergency": lambda a: _is(a.emergency)}, lambda a, _: {"item": a.item}),
    "sharing.review_emergency": Ask({"emergency": Around.an_emergency}),
    "sharing.delay_notice": Ask({"emergency": Around.an_emergency}, _until()),
    "sharing.question_access": Ask(body=_questioned),
    "sharing.answer_access": Ask({"question": Around.a_question}),
    "cases.assign": Ask(body=_case),
    "cases.close": Ask({"case": Around.a_case}, lambda a, _: {"auditor": a.cast.ruth.person}),
    "cases.open_topics": Ask({"case": Around.a_case}, lambda a, _: {"record": a.record, "item": a.item}),
    "statements.submit": Ask(body=_signed, alone=True, each=True),
    "statements.receipt": Ask({"author,statement_id": _a_statement}),
    # the log
    "log.entries": Ask({"path": lambda _: _is("000.p/8")}),
    "log.tile": Ask({"path": lambda _: _is("0/000.p/8")}),
    "log.prove_inclusion": Ask(query=lambda _: {"index": "0"}),
    "log.prove_consistency": Ask(query=lambda _: {"old": "1"}),
}


async def _is(text: str) -> str:
    return text
