"""What was said about one item: its author, kind, topics and state, and what it answers."""

from ledger.core.said import Said
from tests.core.slow_model.look import Look


def added(look: Look, item: str) -> Said | None:
    """The statement that added the item, or None; what answers nothing that is there is not there either."""
    for one in look.told("item-added/1", item=item):
        above = one.facts["parent"]
        if above is None or any(other.position < one.position for other in look.told("item-added/1", item=above)):
            return one
    return None


def is_known(look: Look, item: str) -> bool:
    """Is there such an item in the record?"""
    return added(look, item) is not None


def born(look: Look, item: str) -> Said:
    """The statement that added an item which is there."""
    found = added(look, item)
    assert found is not None
    return found


def about(look: Look, item: str, *types: str) -> list[Said]:
    """What was said about an item since it was added."""
    return [one for one in look.told(*types, item=item) if one.position >= born(look, item).position]


def thread(look: Look, item: str) -> list[str]:
    """The item, what it answers, what that answers, and so on."""
    above = born(look, item).facts["parent"]
    return [item] if above is None else [item, *thread(look, above)]


def topics(look: Look, item: str) -> set[str]:
    """The sensitive topics that it has now."""
    return set(about(look, item, "item-added/1", "item-topics-set/1")[-1].facts["topics"])


def topics_of(look: Look, items: list[str]) -> set[str]:
    """The topics of all of these."""
    return {topic for item in items for topic in topics(look, item)}


def kind(look: Look, item: str) -> str:
    """Its one kind."""
    return str(born(look, item).facts["kind"])


def is_erased(look: Look, item: str) -> bool:
    """Are its words erased?"""
    return bool(about(look, item, "content-erased/1"))


def is_in_wrong_record(look: Look, item: str) -> bool:
    """Did somebody say that it stands in the wrong record?"""
    return any(one.facts["wrong_record"] for one in about(look, item, "item-marked-in-error/1"))
