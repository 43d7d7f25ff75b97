"""Advance statements: wishes drafted, signed, reviewed and withdrawn. Not binding; relevant to best interests."""

from dataclasses import dataclass

from ledger.domain.errors import NotPossible
from ledger.domain.stream import Spoken


@dataclass(slots=True)
class AdvanceStatement:
    """Where an advance statement stands: drafted, signed, withdrawn."""

    signed: bool = False
    withdrawn: bool = False

    def apply(self, event: Spoken) -> None:
        """Take in a statement about it; raises NotPossible where it cannot follow."""
        if self.withdrawn:
            raise NotPossible(f"{event.type}: got a withdrawn advance statement, wanted a live one; draft a new one")
        if event.type == "wish-reviewed/1" and not self.signed:
            raise NotPossible("wish-reviewed: got a draft, wanted a signed advance statement")
        if event.type == "wish-signed/1":
            if self.signed:
                raise NotPossible("wish-signed: got a signed advance statement, wanted a draft")
            self.signed = True
        self.withdrawn = event.type == "wish-withdrawn/1"
