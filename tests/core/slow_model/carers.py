"""Rule 5: a carer; and what best interests, a freeze and the patient's death do to it."""

from ledger.core.said import Said
from tests.core.slow_model.capacity import lacks_capacity, names_widely
from tests.core.slow_model.consent import EVERYTHING, directed, item_directive, of, wide_directive
from tests.core.slow_model.items import about, is_erased, kind, thread, topics, topics_of
from tests.core.slow_model.kept import from_carers
from tests.core.slow_model.look import Look, not_over
from tests.core.slow_model.people import is_carer, is_suspended

REFUSALS = {
    "withhold": "-withheld-by-patient",
    "unmet": "-condition-not-met",
    "topic": "-topic-not-shared",
    None: "-no-consent",
}
MAKES_NEW = ("item-added/1", "item-amended/1", "item-topics-set/1", "withholding-lifted/1")
Parts = list[dict[str, str]]


def carer_opens(look: Look) -> str:
    """May the record be opened at all, to decide the items one by one?"""
    if look.dead:
        return "+released" if any(released(look)) else "-after-death"
    return "+named-carer" if is_carer(look) else "-no-relationship"


def carer_sees(look: Look, item: str) -> str:
    """Rule 5, for somebody whom the patient named as a carer, or to whom a guardian releases something."""
    if not is_carer(look) and not any(released(look)):
        return "-no-relationship"
    kept = from_carers(look, thread(look, item))
    return lets_others_see(look, item) if kept is None else f"-{kept}"


def lets_others_see(look: Look, item: str) -> str:
    """What the patient's directives say; without capacity, best interests; after death, the guardian."""
    items = thread(look, item)
    if look.dead:
        allowed = not is_refused(look, items) and any(covers(look, parts, items) for parts in released(look))
        return "+released" if allowed else "-after-death"
    said = _consented(look, items)
    if said.startswith("+") or is_refused(look, items):
        return said
    return "+best-interests" if any(covers(look, parts, items) for parts in _best_interests(look)) else said


def _consented(look: Look, items: list[str]) -> str:
    """(a) to (c). A wide share opens a comment only where it opens what the comment answers."""
    item, above = items[0], items[1:]
    if is_erased(look, item):
        return "-erased"
    if is_suspended(look):
        return "-no-consent"
    if is_newer_than_freeze(look, items) and not _is_shared_since(look, item):
        return "-frozen"
    says = item_directive(look, item)
    if says is not None:
        return REFUSALS.get(says, "+shared")
    here = REFUSALS.get(wide_directive(look, items), "+shared")
    return _consented(look, above) if here == "+shared" and above else here


def covers(look: Look, parts: Parts, items: list[str]) -> bool:
    """Do these parts name the first of these: itself; or as it is, and all that it answers?"""
    item, above = items[0], items[1:]
    if is_erased(look, item):
        return False
    if of("item", item) in parts:
        return not any(is_erased(look, one) for one in above)
    wide = names_widely(parts, kind(look, item), topics_of(look, items))
    return wide and (not above or covers(look, parts, above))


def is_refused(look: Look, items: list[str]) -> bool:
    """Has the patient suspended the viewer, or do they withhold it, what it answers, or anything new, in any way?

    Then no professional shows it in the patient's place.
    """
    if is_suspended(look):
        return True
    scopes = [EVERYTHING]
    for item in items:
        scopes += [of("item", item), of("kind", kind(look, item)), *(of("topic", one) for one in topics(look, item))]
    return is_newer_than_freeze(look, items) or any(directed(look, scope) == "withhold" for scope in scopes)


def is_newer_than_freeze(look: Look, items: list[str]) -> bool:
    """Was it, or what it answers, added, amended, given other topics, or opened, since the share was frozen?"""
    frozen = _frozen_at(look)
    return frozen is not None and any(about(look, item, *MAKES_NEW)[-1].position > frozen for item in items)


def _frozen_at(look: Look) -> int | None:
    frozen = None
    for one in look.told("sharing-frozen/1", "sharing-unfrozen/1", person=look.viewer):
        if one.type == "sharing-unfrozen/1":
            frozen = None
        elif frozen is None:  # to freeze once more lets nothing in
            frozen = one.position
    return frozen


def _is_shared_since(look: Look, item: str) -> bool:
    """Did the patient share this very item with this very carer after the freeze?"""
    me = {"kind": "person", "id": look.viewer}
    made = look.last("directive-made/1", grantee=me, scope=of("item", item), effect="share")
    frozen = _frozen_at(look)
    return made is not None and frozen is not None and made.position > frozen


def _best_interests(look: Look) -> list[Parts]:
    """What professionals disclose to the viewer, while the patient cannot decide about sharing."""
    if lacks_capacity(look, "sharing") is None:
        return []
    made = look.told("best-interests-made/1", person=look.viewer)
    return [one.facts["scope"] for one in made if not_over(one.facts, look.at) and not _is_ended(look, one)]


def _is_ended(look: Look, made: Said) -> bool:
    ended = look.since(made.position, "best-interests-ended/1", best_interests=made.facts["best_interests"])
    return ended or look.since(made.position, "sharing-stopped/1")


def released(look: Look) -> list[Parts]:
    """What the guardian has released to the viewer after the patient's death, unless the patient wished not."""
    wish = look.last("after-death-wish-stated/1")
    if not look.dead or (wish is not None and wish.facts["wish"] == "not-after-my-death"):
        return []
    made = [one for one in look.told("after-death-released/1", person=look.viewer) if not_over(one.facts, look.at)]
    return [one.facts["scope"] for one in made if not look.since(one.position, "death-retracted/1")]
