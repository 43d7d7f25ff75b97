"""``verify``: a whole ledger here, and what others hold of one: a receipt, a bundle, a mirror.

A receipt, a bundle and a mirror are checked offline: they need neither a database nor a home.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.command_line.terminal import AsJson, ExitCode, Failure, Group, out, print_json, progress_bar, the_house

if TYPE_CHECKING:
    from api.verifying import VerifiedFile
    from api.wiring import House
    from ledger.core.log_keys import LogVerifier
    from ledger.core.trust_policy import TrustPolicy
    from ledger.verify import Progress, Verification
    from ledger.verify.checks import Checks

VerifierFile = Annotated[
    Path | None,
    typer.Option("--verifier", help="A file with the log's verifier keys, as you were told them.", show_default=False),
]
PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", help="A C2SP tlog-policy file: whose cosignatures count.", show_default=False),
]


class WhatItIs(Group):
    """A group that also takes a file or a folder in the place of a command, and does what that is for."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command of that name; or the one for what is there under that path."""
        if args and args[0] not in self.commands and Path(args[0]).exists():
            return super().resolve_command(ctx, [_command_for(Path(args[0])), *args])
        return super().resolve_command(ctx, args)


def _command_for(path: Path) -> str:
    if path.is_dir():
        return "mirror"
    with path.open("rb") as opened:
        return "bundle" if opened.read(2) == b"PK" else "receipt"


group = typer.Typer(cls=WhatItIs, invoke_without_command=True)


def add_to(app: typer.Typer) -> None:
    """Add this group to the command line."""
    app.add_typer(group, name="verify")


@group.callback()
def verify(
    context: typer.Context,
    *,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="Leave out what needs the key-encryption key.")
    ] = False,
    vault: Annotated[
        bool,
        typer.Option("--vault", help="Only the vault: open every row, and find erased words that still have a key."),
    ] = False,
    new: Annotated[
        bool, typer.Option("--new", help="Only what is new since the last run that found all sound.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Everything from the first entry on, even if a run was interrupted.")
    ] = False,
    state: Annotated[
        Path | None,
        typer.Option(help="Where what was verified is kept; in the ledger's home by default.", show_default=False),
    ] = None,
    policy: PolicyFile = None,
    as_json: AsJson = False,
) -> None:
    """Check the whole ledger, step by step; or a receipt, a bundle or a mirror: record-ledger verify FILE.

    Order, signatures, keys, sealed contents, the tree, its checkpoints and the indexes. Ends with 1 and names the first
    position that is wrong, if one is. The ledger may be written to meanwhile. A run that is stopped is gone on with.
    What it found is kept in the ledger's home (last-verification.json), and shown under Integrity.
    """
    if context.invoked_subcommand is not None:
        return
    if new + full > 1 or vault + without_keys > 1 or (vault and (new or state is not None)):
        raise Failure("verify: got options that contradict each other. Choose one.", ExitCode.USAGE)
    asked = _Asked(without_keys, vault, new, full, state, _policy(policy))
    with the_house() as house, progress_bar("Verifying", None) as tell:
        outcome = asked.verify(house, tell)
    _report(outcome, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Asked:
    """How much of the ledger here is to be verified."""

    without_keys: bool
    vault: bool
    new: bool
    full: bool
    state: Path | None
    policy: "TrustPolicy | None"

    def verify(self, house: "House", tell: "Progress") -> "Verification":
        """Verify it, and keep what was found for the pages; of the vault alone nothing is kept."""
        from api.clock import clock
        from api.last_verification import LastVerification, LastVerificationFile
        from api.trust import read_policy
        from api.verifying import verify_database

        outcome = verify_database(
            house.whole,
            house.keyring,
            at=clock(),
            opening=not self.without_keys,
            only_vault=self.vault,
            cores=os.cpu_count() or 1,
            progress=tell,
            policy=self.policy or read_policy(house.settings),
            kept=self._kept(house),
            only_new=self.new,
        )
        if not self.vault:
            last = LastVerification.of(outcome, clock(), contents=not self.without_keys)
            LastVerificationFile.of(house.home).keep(last)
        return outcome

    def _kept(self, house: "House") -> "VerifiedFile | None":
        """The file with what earlier runs verified; of which nothing counts where all is to be gone through."""
        from api.verifying import VerifiedFile

        name = "verified-without-keys.json" if self.without_keys else "verified.json"
        kept = VerifiedFile(self.state or house.home / name)
        if self.full:
            kept.keep(None)
        return None if self.vault else kept


@group.command()
def receipt(
    file: Annotated[Path, typer.Argument(help="The receipt, as JSON.")],
    verifier: VerifierFile = None,
    policy: PolicyFile = None,
    earlier: Annotated[
        list[Path] | None,
        typer.Option(help="Verifier keys of a log that this one continues.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a receipt offline: that the log has the entry, signed, and witnessed under a policy."""
    from ledger.verify.receipt import LARGEST, verify_receipt

    log = _verifier(verifier)
    if log is None:
        raise Failure("--verifier: got no file, wanted the log's verifier keys as you were told them.", ExitCode.USAGE)
    names = [one.origin for one in map(_verifier, earlier or []) if one is not None]
    data = _read(file, LARGEST + 1)
    _report(verify_receipt(data, log, _policy(policy), earlier=names, what=str(file)), as_json=as_json)


@group.command()
def bundle(
    file: Annotated[Path, typer.Argument(help="The zip file that export wrote.")],
    verifier: VerifierFile = None,
    policy: PolicyFile = None,
    as_json: AsJson = False,
) -> None:
    """Check an exported bundle offline: signatures, keys, contents and inclusion, and that nothing is shown but them.

    Without --verifier the keys in the file are used, and a step says what that leaves open.
    """
    from ledger.verify.bundle import verify_bundle

    _read(file, 1)
    _report(verify_bundle(file, _verifier(verifier), _policy(policy)), as_json=as_json)


@group.command()
def mirror(
    folder: Annotated[Path, typer.Argument(help="The folder that mirror wrote.")],
    verifier: VerifierFile = None,
    policy: PolicyFile = None,
    against: Annotated[
        Path | None,
        typer.Option(help="Another mirror: find out whether both were shown one history.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a mirror offline: every entry, signature and key, the tree and its checkpoint.

    Without --verifier the keys are those that the mirror pinned when it was begun.
    """
    from api.clock import clock
    from ledger.mirror import MirrorFolder
    from ledger.verify.mirror import check_same_history, verify_mirror

    if not folder.is_dir():
        raise Failure(f"{folder}: got no folder, wanted one that record-ledger mirror wrote.", ExitCode.USAGE)
    kept = MirrorFolder(folder)
    log = _verifier(verifier) or kept.verifier()
    cores = os.cpu_count() or 1
    with progress_bar("Verifying", None) as tell:
        outcome = verify_mirror(kept, log, at=clock(), cores=cores, progress=tell, policy=_policy(policy))
    if against is not None and outcome.ok:
        check_same_history(kept, MirrorFolder(against))
    _report(outcome, as_json=as_json)


def _report(outcome: "Verification | Checks", *, as_json: bool) -> None:
    if as_json:
        print_json(outcome.as_json())
    else:
        out.print(str(outcome), markup=False)
    if not outcome.ok:
        raise typer.Exit(ExitCode.REFUSED)


def _verifier(file: Path | None) -> "LogVerifier | None":
    from ledger.core.log_keys import LogVerifier

    return None if file is None else LogVerifier.parse(_read(file, 1 << 16).decode("utf-8", "replace"))


def _policy(file: Path | None) -> "TrustPolicy | None":
    from ledger.core.trust_policy import TrustPolicy

    return None if file is None else TrustPolicy.parse(_read(file, 1 << 20).decode("utf-8", "surrogateescape"))


def _read(file: Path, at_most: int) -> bytes:
    """The beginning of a file; what cannot be read is wrong usage, told in one sentence."""
    try:
        with file.open("rb") as opened:
            return opened.read(at_most)
    except OSError as error:
        raise Failure(f"{file}: cannot be read ({error.strerror}). Check the path.", ExitCode.USAGE) from None
