"""``mirror``: keep somebody else's log in files, and refuse what does not go on from what it showed before."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from api.command_line.terminal import AsJson, ExitCode, Failure, err, out, print_json, progress_bar

if TYPE_CHECKING:
    from api.mirroring import Mirrored, Mirroring
    from api.sign_in.key_file import KeyFile
    from ledger.core.log_keys import LogVerifier
    from ledger.core.trust_policy import TrustPolicy

T = TypeVar("T")
AuditorsKey = Annotated[Path, typer.Option(help="The key file of an auditor, as made by keys make.")]
VerifierFile = Annotated[
    Path | None,
    typer.Option(
        help="A file with the log's verifier keys; they are kept in the folder, so later runs need it only when "
        "the log's keys have been replaced.",
        show_default=False,
    ),
]
PolicyFile = Annotated[
    Path | None,
    typer.Option(help="A C2SP tlog-policy file: take only what its witnesses have cosigned.", show_default=False),
]
Every = Annotated[
    float | None, typer.Option(min=1, help="Go on for ever, asking every so many seconds.", show_default=False)
]


def add_to(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(mirror)


def mirror(
    url: Annotated[str, typer.Argument(help="Where the ledger is served: https, or http on this machine.")],
    folder: Annotated[Path, typer.Argument(help="The folder to keep the log in.")],
    *,
    key: AuditorsKey,
    verifier: VerifierFile = None,
    policy: PolicyFile = None,
    every: Every = None,
    as_json: AsJson = False,
) -> None:
    """Follow a log into files, checking as it goes.

    Fetches what is new, hashes it, and takes it in only if it goes on from what is there, under a checkpoint that the
    log has signed. Stop it at any time; the next run goes on. A log that shows another history than before is refused
    with exit code 1, and what it signed is kept as evidence. With --every, --json prints one line for each round.
    """
    from api.log_client import LogRefuses, LogUnreachable
    from api.sign_in.key_file import KeyFile

    log = _verifier(folder, verifier)
    owner = KeyFile.read(key)
    if owner.ledger != log.origin:
        raise Failure(f"{key}: got a key for {owner.ledger}, wanted one for {log.origin}.", ExitCode.USAGE)
    following = _Following(url, folder, log, owner, _policy(policy), every, _teller(as_json, every))
    try:
        asyncio.run(following.run())
    except LogUnreachable as error:
        raise Failure(str(error), ExitCode.UNREACHABLE) from error
    except LogRefuses as error:
        raise Failure(str(error)) from error
    except OSError as error:
        raise Failure(f"{folder}: cannot be written ({error}); what was there is whole.") from error


@dataclass(frozen=True, slots=True)
class _Following:
    """What to follow, into which folder, and how often."""

    url: str
    folder: Path
    log: "LogVerifier"
    key: "KeyFile"
    policy: "TrustPolicy | None"
    every: float | None
    told: "Callable[[Mirrored], None]"

    async def run(self) -> None:
        """Follow once, or for ever."""
        from api.clock import clock
        from api.log_client import log_client
        from api.mirroring import mirroring

        async with log_client(self.url, self.key, clock) as client:
            with mirroring(client, self.folder, self.log, self.policy) as following:
                if self.every is None:
                    self.told(await _round(following))
                    return
                while True:
                    await self._round_or_wait(following)
                    await asyncio.sleep(self.every)

    async def _round_or_wait(self, following: "Mirroring") -> None:
        """One round of many: what may be otherwise at the next one is told, and does not end the mirror."""
        from api.log_client import LogUnreachable
        from ledger.core.trust_policy import NotWitnessed

        try:
            self.told(await _round(following))
        except (LogUnreachable, NotWitnessed) as error:
            err.print(str(error), markup=False, soft_wrap=True)


async def _round(following: "Mirroring") -> "Mirrored":
    with progress_bar("Mirroring", None) as tell:
        return await following.follow(tell)


def _teller(as_json: bool, every: float | None) -> "Callable[[Mirrored], None]":
    def tell(done: "Mirrored") -> None:
        if not as_json:
            out.print(str(done), markup=False)
        elif every is None:
            print_json(done.as_json())
        else:
            typer.echo(json.dumps(done.as_json()))

    return tell


def _verifier(folder: Path, file: Path | None) -> "LogVerifier":
    """The log's keys that are trusted: those of the file, or else those that were pinned in the folder."""
    from ledger.core.log_keys import LogVerifier
    from ledger.mirror import MirrorFolder

    kept = MirrorFolder(folder)
    if file is not None:
        return _read(file, LogVerifier.parse)
    if not kept.begun:
        raise Failure(
            "--verifier: got none, wanted a file with the log's verifier keys for a new mirror. Ask the log's keeper "
            "for them by another way than this address: whoever answers there could answer with keys of their own.",
            ExitCode.USAGE,
        )
    return kept.verifier()


def _policy(file: Path | None) -> "TrustPolicy | None":
    from ledger.core.trust_policy import TrustPolicy

    return None if file is None else _read(file, TrustPolicy.parse)


def _read(file: Path, parse: Callable[[str], T]) -> T:
    from ledger.core.errors import CoreError

    try:
        return parse(file.read_text(encoding="utf-8", errors="surrogateescape"))
    except OSError as error:
        raise Failure(f"{file}: cannot be read ({error.strerror}); check the path.", ExitCode.USAGE) from error
    except CoreError as error:
        raise Failure(f"{file}: {error}", ExitCode.USAGE) from error
