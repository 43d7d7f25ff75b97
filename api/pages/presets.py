"""Presets: a few words for one carer, shown step by step before they are carried out.

A share takes the passkey, each by itself: so these are as few as the preset has. What closes takes none: where the
page signs, the directives that withhold are recorded by the service first. A withhold never widens anything, so it may
come before the other steps; and what is then left says itself in the order that the ledger plans.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.http import presets, sharing
from api.http.bodies import InPath
from api.http.service import Call, Calling
from api.pages import binding, places
from api.pages.forms import Filled, Sent, empty, sent
from api.pages.language import gettext as _
from api.pages.language import marked
from api.pages.matters import told
from api.pages.rendering import PageRoute, own_page
from api.pages.sharing_done import PRESET, of_carer
from api.pages.sharing_now import Said, SharingNow, onward, sharing_now
from api.pages.sharing_words import code_of, from_form, in_form, step
from ledger.core.presets import EVERYTHING_EXCEPT
from ledger.domain.errors import Unknown

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
NAMES: Final[Mapping[str, tuple[str, str, str]]] = {
    "m": ("medicines", marked("Medicines only"), marked("They see your medicines and nothing else.")),
    "p": (
        "plan",
        marked("The plan, not the details"),
        marked("They see the plan that was written for carers, so that they know how to help. Nothing else."),
    ),
    "e": (
        EVERYTHING_EXCEPT,
        marked("Everything except what I tick"),
        marked("They see every part but those that you tick. Sensitive topics are never part of it."),
    ),
}
"""Presets by the letter that addresses have for them: an address stays in a device's history."""
_MOST: Final = 200


class Choosing(BaseModel):
    """The query of a preset: for whom, which, whether the parts were ticked, and which of them."""

    model_config = ConfigDict(frozen=True)
    to: str = Field(max_length=40)
    a: str = Field(default="", max_length=1)
    ticked: bool = False
    of: list[str] = Field(default_factory=list, max_length=_MOST)


@router.get(places.SHARING_PRESET.path, operation_id="presets.plan")
async def preset(request: Request, call: Calling, record: InPath, asked: Annotated[Choosing, Query()]) -> Response:
    """Choose a preset, tick what it leaves out, and see what it would say."""
    now = await sharing_now(call, record)
    _check_is_a_carer(now, asked.to)
    if asked.a not in NAMES:
        return await _show(request, call, now, asked.to, "sharing_presets.html", presets=_named())
    name, _title, _hint = NAMES[asked.a]
    if name == EVERYTHING_EXCEPT and not asked.ticked:
        kinds = [(code_of(scope), scope) for scope in _kinds(now)]
        return await _show(request, call, now, asked.to, "sharing_ticks.html", kinds=kinds, a=asked.a)
    ticked = [in_form(scope) for scope in _kinds(now) if code_of(scope) in asked.of]
    form = empty(call, to=asked.to, preset=name, **{"except": ticked})
    return await _plan(request, call, now, form)


@router.post("/forms/record/{record}/preset", operation_id="presets.carry_out")
async def carry_out(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Carry out a preset; sent again, it says what is still to be said."""

    async def say(speaking: Call) -> str:
        if speaking.drafting:
            await _close(speaking, record, form)
        parts = [from_form(one) for one in form.values("except")]
        chosen = {"preset": form.value("preset"), "person": form.value("to"), "except": parts}
        await presets.carry_out(speaking, record, presets.NewPreset.model_validate(chosen))
        return onward(call, record, of_carer(record, form.value("to"), PRESET))

    async def again(refused: Filled) -> Response:
        return await _plan(request, call, await sharing_now(call, record), refused)

    return await sent(request, call, form, say, again)


async def _close(call: Call, record: str, form: Filled) -> None:
    """Have the service record what the preset withholds."""
    for one in await _steps(call, record, form):
        if one["does"] == "withhold":
            plainly = replace(call, drafting=False, statement_id=None)
            grantee = {"kind": "person", "id": form.value("to")}
            terms = {"effect": "withhold", "replaces": one["directive"]}
            said = sharing.NewDirective.model_validate({"grantee": grantee, "scope": one["scope"], **terms})
            await sharing.direct(plainly, record, said)


async def _steps(call: Call, record: str, form: Filled) -> Sequence[Said]:
    chosen = {"preset": form.value("preset"), "person": form.value("to"), "except": list(form.values("except"))}
    steps: Sequence[Said] = told(await presets.plan(call, record, presets.AskedPreset.model_validate(chosen)))["steps"]
    return steps


async def _plan(request: Request, call: Call, now: SharingNow, form: Filled) -> Response:
    _check_is_a_carer(now, form.value("to"))
    whom = now.carers[form.value("to")]["person"]["name"] or _("Somebody unknown")
    steps = await _steps(call, now.record, form)
    title, hint = next((title, hint) for name, title, hint in NAMES.values() if name == form.value("preset"))
    return await _show(
        request,
        call,
        now,
        form.value("to"),
        "sharing_plan.html",
        form=form,
        title=_(title),
        hint=_(hint),
        steps=[step(one, whom) for one in steps],
        statements=[_statement(now.record, form.value("to"), one) for one in steps],
        prompts=sum(one["does"] == "share" for one in steps),
    )


def _statement(record: str, person: str, planned: Said) -> tuple[str, binding.Members, None]:
    """What one step would say."""
    if planned["does"] == "withdraw":
        return "directive-withdrawn/1", {"record": record, "directive": planned["directive"]}, None
    directed = {
        "record": record,
        "directive": binding.MADE,
        "grantee": {"kind": "person", "id": person},
        "scope": planned["scope"],
        "effect": planned["does"],
        "from": None,
        "until": None,
        "condition": None,
        "replaces": planned["directive"],
        "hidden": False,
    }
    return "directive-made/1", directed, None


def _check_is_a_carer(now: SharingNow, person: str) -> None:
    """Raise Unknown for who is none now; maybe they were when the page was made."""
    if person not in now.carers:
        raise Unknown("preset: got somebody who is no carer of yours now, wanted one who is; look at who is")


def _named() -> list[tuple[str, str, str]]:
    return [(letter, _(title), _(hint)) for letter, (_name, title, hint) in NAMES.items()]


def _kinds(now: SharingNow) -> list[Said]:
    """The kinds that there are, of which some may be left out."""
    [sees, *_others] = now.view["sees"]
    return [one["scope"] for one in sees["parts"] if one["scope"]["kind"] == "kind"]


async def _show(request: Request, call: Call, now: SharingNow, to: str, template: str, **shown: Any) -> Response:
    own = {"whose": now.whose, "carer": now.carers[to], "to": to, **shown}
    return await own_page(request, call, template, here=places.SHARING, record=now.record, **own)
