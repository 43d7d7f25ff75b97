"""How sharing stands, as the API tells it, found by what a page needs: every page about who sees what is made of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from api.http import preview, sharing
from api.http.fresh import check_fresh
from api.http.problems import Refused
from api.http.service import Call
from api.pages import places
from api.pages.language import gettext as _
from api.pages.matters import told
from api.pages.reading_for import read_for
from api.pages.sharing_words import How, because_of, code_of, directed, grantee_words, how, of_carer
from ledger.domain.errors import Unknown

READ: Final = "sharing.read"
IN_THE_PATIENTS_PLACE: Final = frozenset({"patient", "parent"})
_ITEM_ID_LENGTH: Final = 36
_UNSAID: Final = frozenset({"no-consent", "topic-not-shared"})
"""Rules that decide where nothing is shared, and where all that is shared is stopped for now."""
Said = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """One part for one grantee: how it is shared, where that is changed, and how many items are set differently."""

    scope: Said
    how: How
    href: str
    differing: int


@dataclass(frozen=True, slots=True)
class Column:
    """One grantee with all the parts, and what is said of them. ``carer`` is a person's; a team has none."""

    grantee: Said
    name: str
    cells: Sequence[Cell]
    carer: Said | None

    @property
    def shared(self) -> Sequence[Cell]:
        """The parts of which there is something to say."""
        return [one for one in self.cells if one.how.icon != "no" or one.how.notes or one.differing]

    @property
    def not_shared(self) -> Sequence[Cell]:
        """The parts of which there is nothing to say but that they are not shared."""
        return [one for one in self.cells if one not in self.shared]


class SharingNow:
    """What the API says about sharing a record, found by what a page needs."""

    def __init__(self, call: Call, record: str, view: Mapping[str, Any]) -> None:
        self.record, self.view, self.now = record, view, call.ledger.clock()
        self.whose = {"name": view["patient"]["name"], "own": call.session.acting_as == "patient"}
        self.directives = {one["id"]: one for one in view["directives"]}
        self.carers = {one["person"]["id"]: one for one in view["carers"]}
        self.sees = {one["grantee"]["id"] or "all": one for one in view["sees"]}

    def columns(self) -> list[Column]:
        """Everybody with whom something may be shared; who treats the patient sees without that."""
        return [self.column(one) for one in self.view["sees"] if not self.treats(one["grantee"])]

    def column(self, sees: Said) -> Column:
        """One of them, with each part."""
        grantee = sees["grantee"]
        carer = self.carers.get(grantee["id"])
        return Column(grantee, grantee_words(grantee), [self.cell(grantee, one, carer) for one in sees["parts"]], carer)

    def cell(self, grantee: Said, part: Said, carer: Said | None) -> Cell:
        """One part for one of them."""
        directive = self.directives.get(part["directive"])
        said = how(part, directive, self.now)
        said = replace(said, notes=(*said.notes, *because_of(part, directive, grantee)))
        return Cell(
            part["scope"],
            said if carer is None else of_carer(said, carer),
            self.to_change(grantee, part["scope"]),
            part["differing"],
        )

    def to_change(self, grantee: Said, scope: Said | None = None) -> str:
        """Where it is changed what one of them sees of a part; without a part, where that is chosen."""
        query = {"to": grantee["id"] or "all", "of": None if scope is None else code_of(scope)}
        return places.SHARING_CHANGE(query, record=self.record)

    def said_to(self, grantee: Said, scope: Said) -> Said | None:
        """The current directive for exactly this grantee and part."""
        return next(
            (
                one
                for one in self.view["directives"]
                if (one["grantee"]["kind"], one["grantee"]["id"]) == (grantee["kind"], grantee["id"])
                and one["scope"] == scope
            ),
            None,
        )

    def in_care(self) -> list[Said]:
        """Who treats the patient, with what is kept from them."""
        found = [one for one in self.view["sees"] if self.treats(one["grantee"])]
        return [
            {
                "grantee": one["grantee"],
                "name": grantee_words(one["grantee"]),
                "href": self.to_change(one["grantee"]),
                "kept": list(self._kept_from(one)),
            }
            for one in found
        ]

    def _kept_from(self, sees: Said) -> Iterator[Said]:
        """The parts that are kept from somebody who treats, then the items."""
        for part in sees["parts"]:
            directive = self.directives.get(part["directive"])
            if directive is not None and part["effect"] == "withheld":
                yield self._kept(directive, part["scope"])
        for one in self.view["directives"]:
            said = (one["grantee"]["id"], one["effect"], one["scope"]["kind"])
            if said == (sees["grantee"]["id"], "withhold", "item"):
                yield self._kept(one, one["scope"])

    def _kept(self, directive: Said, scope: Said) -> Said:
        href = self.to_change(directive["grantee"], scope)
        return {"scope": scope, "hidden": directive["hidden"], "href": href}

    def treats(self, grantee: Said) -> bool:
        """Is this a person or team in care, and no carer?"""
        return grantee["id"] not in self.carers and any(
            one["grantee"]["id"] == grantee["id"] for one in self.view["care"]
        )

    def why_not(self, person: str, outlined: Said) -> str:
        """Why a carer does not see an item: of the reasons that one rule may have, the one that holds."""
        if outlined["rule"] in _UNSAID and person in self.carers and self.carers[person]["suspended"]:
            return _("You stopped all their access for now.")
        if outlined["rule"] == "no-consent":
            return _("You have not shared this with them.")
        deciding = [self.directives[one] for one in outlined["directives"] if one in self.directives]
        if outlined["rule"] == "condition-not-met" and len(deciding) == 1:
            said = how({"effect": "unmet"}, deciding[0], self.now)
            return _("You set it like this: %(how)s.") % {"how": ". ".join((said.text, *said.notes))}
        return _(outlined["because"])

    def grantee(self, named: str) -> Said | None:
        """A grantee by what addresses call them: an id, or ``all``."""
        if named == "all":
            return {"kind": "all-carers", "id": None, "name": None}
        known = [*(one["grantee"] for one in self.view["directives"]), *(one["grantee"] for one in self.view["sees"])]
        return next((one for one in known if one["id"] == named), None)

    def part(self, grantee: Said, scope: Said) -> Said | None:
        """What a part of the record is to one of them; None for an item, and for whom no parts are told."""
        sees = self.sees.get(grantee["id"] or "all")
        return None if sees is None else next((one for one in sees["parts"] if one["scope"] == scope), None)

    def set_of(self, grantee: Said, scope: Said) -> How:
        """How what is said to exactly this grantee of exactly this part reads."""
        return directed(self.said_to(grantee, scope), self.now)


async def sharing_now(call: Call, record: str) -> SharingNow:
    """What is said about sharing, for the patient. Raises as ``sharing.read`` does, whatever page asks.

    Its freshness is asked for here as well: a form that takes back is let through without, and may end in a page.
    """
    check_fresh(call.session, READ, call.service.doors.sessions.clock())
    read = await read_for(call, IN_THE_PATIENTS_PLACE, lambda: sharing.read(call, record))
    return SharingNow(call, record, told(read))


async def part_of(call: Call, now: SharingNow, of: str) -> tuple[Said, str | None]:
    """The part that an address means, with the title of an item; raises Unknown."""
    for one in [part["scope"] for sees in now.view["sees"] for part in sees["parts"]]:
        if code_of(one) == of:
            return one, None
    if len(of) == _ITEM_ID_LENGTH:
        item = told(await preview.of_item(call, now.record, of))["item"]
        return {"kind": "item", "of": of}, item["title"] or ""
    raise Unknown("sharing: got a part that is not there, wanted one of your record; go back and choose")


def onward(call: Call, record: str, page: str) -> str:
    """Where somebody goes on after a change: to how things stand now, unless that would ask for their passkey."""
    try:
        check_fresh(call.session, READ, call.service.doors.sessions.clock())
    except Refused:
        return places.SHARING_DONE(record=record)
    return page
