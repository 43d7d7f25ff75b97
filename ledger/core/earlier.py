"""Logs that this one continues: under which name and keys its entries stood before it was continued.

After entries were lost for good a log goes on under a new name, on what was restored. The entries before the
continuation keep their positions, name the earlier log, and lie under its checkpoints. What checks them is kept as
text (``LEDGER_HOME/earlier-logs/<n>.txt``): who went on, the size and the root at which the earlier log was
left, its verifier, and the note of its largest checkpoint that is known, an empty line between::

    continued as surgery.example/2
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    surgery.example+e1c6a29a+AaRa5…
    surgery.example+c711b539+BjI/e…

    surgery.example
    20852201
    ...
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from ledger.core.checkpoint import CheckpointError
from ledger.core.errors import CoreError
from ledger.core.log_keys import LogVerifier
from ledger.core.merkle import NodeHash
from ledger.core.note import NoteError, check_key_name, format_base64, parse_base64, parse_decimal

_CONTINUED_AS: Final = "continued as "


class EarlierLogError(CoreError):
    """The text of an earlier log that no formatter here would have written, or that does not fit the others."""


@dataclass(frozen=True, slots=True)
class EarlierLog:
    """A log whose first ``size`` entries, with this ``root``, are the first of the log ``continued_as``.

    ``checkpoint`` is the note of its largest known checkpoint: of ``size`` entries or more. Raises EarlierLogError.
    """

    verifier: LogVerifier
    continued_as: str
    size: int
    root: NodeHash
    checkpoint: bytes

    def __post_init__(self) -> None:
        try:
            check_key_name(self.continued_as)
            covered = self.verifier.open_checkpoint(self.checkpoint).size
        except (NoteError, CheckpointError) as error:
            raise EarlierLogError(f"earlier log {self.origin}: {error}") from error
        if not 0 < self.size <= covered or self.continued_as == self.origin:
            raise EarlierLogError(
                f"earlier log {self.origin}: got {self.size} entries continued as {self.continued_as} and a checkpoint"
                f" of {covered}, wanted one entry or more, another name, and a checkpoint of as many or more"
            )

    @property
    def origin(self) -> str:
        """Its name."""
        return self.verifier.origin

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what ``str`` writes; raises EarlierLogError for anything else."""
        head, _, rest = text.partition("\n\n")
        verifier, _, checkpoint = rest.partition("\n\n")
        lines = head.split("\n")
        if len(lines) != 3 or not lines[0].startswith(_CONTINUED_AS):
            raise EarlierLogError("earlier log: got no name, size and root, wanted them as record-ledger recover wrote")
        try:
            size, root = parse_decimal(lines[1]), NodeHash(parse_base64(lines[2]))
            keys = LogVerifier.parse(verifier + "\n")
        except (NoteError, CheckpointError) as error:
            raise EarlierLogError(f"earlier log: {error}") from error
        parsed = cls(keys, lines[0].removeprefix(_CONTINUED_AS), size, root, checkpoint.encode())
        if str(parsed) != text:
            raise EarlierLogError(f"earlier log {parsed.origin}: got another spelling, wanted it as recover wrote it")
        return parsed

    def __str__(self) -> str:
        """The text that is kept."""
        head = f"{_CONTINUED_AS}{self.continued_as}\n{self.size}\n{format_base64(self.root)}\n"
        return f"{head}\n{self.verifier}\n{self.checkpoint.decode()}"


def check_chain(earlier: Sequence[EarlierLog], origin: str) -> None:
    """Check that each log was continued as the next, the last one as ``origin``. Raises EarlierLogError."""
    names = [log.origin for log in earlier] + [origin]
    for log, following in zip(earlier, names[1:], strict=True):
        if log.continued_as != following:
            raise EarlierLogError(
                f"log {log.origin}: it was continued as {log.continued_as}, got {following}; set LEDGER_ORIGIN to the"
                " newest name"
            )
    sizes = [log.size for log in earlier]
    if len(set(names)) < len(names) or sizes != sorted(set(sizes)):
        raise EarlierLogError(f"earlier logs: got {names} with {sizes} entries, wanted new names and ever more entries")
