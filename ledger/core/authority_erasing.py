"""Who may have the words about an item erased: it takes two, one who asks and a guardian who is somebody else."""

from ledger.core.asking import Ask, checked, on_item, the_patient, when
from ledger.core.decisions import UNKNOWN_ITEM, Decision, Deny
from ledger.core.item_facts import Item
from ledger.core.people import Standing


def erasure_asked(ask: Ask) -> Decision:
    """The patient, about what they may see; or a guardian."""
    if ask.acts_as("guardian"):
        asker = _guardian(ask)
    else:
        found = on_item(ask, the_patient(ask))
        asker = found if isinstance(found, Deny) else found.permit
    return checked(asker, when(ask["erasure"] in ask.record.erasures, "already-said"))


def content_erased(ask: Ask) -> Decision:
    """A guardian, after somebody else has asked for it; the ledger itself, for what a restored backup brought back."""
    permitted = _again(ask) if ask.acts_as("service") else _guardian(ask)
    if isinstance(permitted, Deny):
        return permitted
    item = ask.record.items[ask["item"]]
    return checked(
        permitted if ask.acts_as("service") else _asked_for(ask, item),
        when(not item.worded, "nothing-to-erase"),
        when(ask.erased != item.to_erase(), "not-its-words"),
    )


def _asked_for(ask: Ask, item: Item) -> Decision:
    asked = ask.record.erasures.get(ask["erasure"])
    if asked is None or not asked.covers(item):
        return Deny("erasure-not-asked")
    return checked(
        ask.permit("guardian", Standing((asked.position,))),
        when(asked.author == ask.author, "same-guardian", asked.position),
    )


def _again(ask: Ask) -> Decision:
    """What was erased before a backup was restored is erased again; what asked for it may have been lost with it."""
    return ask.permit("service") if ask["item"] in ask.record.items else UNKNOWN_ITEM


def _guardian(ask: Ask) -> Decision:
    """A guardian need not see the item: what it takes to erase is its id, which nobody guesses."""
    if not ask.acts_as("guardian"):
        return Deny("role-missing")
    return ask.permit("guardian") if ask["item"] in ask.record.items else UNKNOWN_ITEM
