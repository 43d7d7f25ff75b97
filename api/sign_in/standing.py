"""What somebody may act as, from what was said: their roles in force, and the records they are around."""

from typing import Final

from api.sign_in.session import Session, SignInRefused
from ledger.core.terms import ACTING_AS, ROLES
from ledger.ledger import Ledger
from projections.directory import Directory

IN_ONES_OWN_NAME: Final = "patient"
"""What somebody acts as about whom nothing was said yet: they speak for themselves and see nothing of anybody's."""


async def may_act_as(ledger: Ledger, directory: Directory, person: str) -> list[str]:
    """What a person may act as, in the order of ``ACTING_AS``; never empty.

    It makes the choice that is offered; each request is decided by the ledger from the facts all the same.
    """
    now = ledger.clock()
    facts = (await ledger.facts.person(person, fresh=True)).fold.facts
    standing = {role for role in ROLES if facts.role(role, now) is not None}
    standing |= set(await directory.around(person, now))
    return [role for role in ACTING_AS if role in standing] or [IN_ONES_OWN_NAME]


async def check_may_act_as(ledger: Ledger, directory: Directory, person: str, role: str) -> None:
    """Raise SignInRefused unless the facts let a person act as something."""
    allowed = await may_act_as(ledger, directory, person)
    if role not in allowed:
        wanted = ", ".join(allowed)
        raise SignInRefused("invalid_scope", f"acting_as: got {role[:40]!r}, wanted one of {wanted}; choose another")


async def check_unbounded(ledger: Ledger, directory: Directory, session: Session) -> None:
    """Raise SignInRefused in a session that may act as less than the facts allow, as a provider's claims bound it.

    A way in that is made there would let in, as all that the person is, whom the provider vouched for as less.
    """
    if session.may_act_as is None:
        return
    allowed = await may_act_as(ledger, directory, session.person)
    left_out = [role for role in allowed if role not in session.may_act_as]
    if left_out:
        raise SignInRefused(
            "invalid_scope",
            f"session: got one in which your provider does not vouch for you as {' or '.join(left_out)}, wanted another"
            " to make a further way in; sign in with a passkey, or have two members of staff let you in anew",
        )
