"""A surgery with three witnesses, and what is asked of its service and of them."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from api.log_key_files import load_log_keys
from api.witness.home import WitnessHome
from ledger.core.checkpoint import Checkpoint, open_note
from ledger.core.log_keys import LogKeys
from ledger.core.merkle import NodeHash
from ledger.core.trust_policy import TrustPolicy
from tests.continuity.installation import Installation
from tests.ports import kept_port
from tests.witness.running import RunningWitness, serving, serving_all

PATIENCE = 90.0


@dataclass
class Surgery:
    """An installation whose settings name a policy, and the processes of its witnesses by name."""

    installation: Installation
    folder: Path
    keys: LogKeys
    policy: TrustPolicy
    witnesses: dict[str, RunningWitness]
    ports: ExitStack
    """The ports of those who were stopped, which nobody else is given."""

    def stop(self, *names: str) -> None:
        """Kill witnesses."""
        for name in names:
            self.witnesses[name].process.kill()
            self.witnesses[name].process.wait(60)
            self.ports.enter_context(kept_port(self.witnesses[name].port))

    @contextmanager
    def started_again(self, name: str) -> Iterator[None]:
        """Start a witness that was stopped, where it was."""
        with serving(self.folder / name, self.folder / "log.vkeys", self.witnesses[name].port):
            yield

    def forged(self, size: int, byte: bytes = b"x") -> bytes:
        """Another history's checkpoint, signed with the log's very keys; its root is 32 times this byte."""
        return self.keys.sign_checkpoint(Checkpoint(self.keys.verifier.origin, size, NodeHash(byte * 32)), 1)


@contextmanager
def surgery_of(installation: Installation, folder: Path) -> Iterator[Surgery]:
    """Make and start the witnesses, and write the policy."""
    keys = load_log_keys(installation.home / "keys", installation.origin)
    (folder / "log.vkeys").write_text(str(keys.verifier))
    lines = [f"log {key}" for pair in keys.verifier.pairs for key in pair.keys]
    # One is believed by its Ed25519 key, the others by their ML-DSA-44 keys.
    believed = {"patients": 1, "regulator": 1, "college": 0}
    verifier_keys = {
        name: str(WitnessHome.create(folder / name, f"{name}.example.org/w").signers[which].key)
        for name, which in believed.items()
    }
    log = folder / "log.vkeys"
    with ExitStack() as ports, serving_all([folder / name for name in believed], log) as running:
        lines += [f"witness {name} {verifier_keys[name]} {running[name].url}" for name in believed]
        text = "\n".join([*lines, "group most 2 patients regulator college", "quorum most", ""])
        (folder / "policy").write_text(text)
        installation.more["LEDGER_POLICY"] = str(folder / "policy")
        yield Surgery(installation, folder, keys, TrustPolicy.parse(text), running, ports)


def checkpoint_of(url: str, kind: str = "") -> bytes | None:
    """What the service shows as its checkpoint; None while it has none of this kind."""
    answer = httpx.get(f"{url}/log/checkpoint{kind}", timeout=20)
    assert answer.status_code in (200, 503), answer.text
    return answer.content if answer.status_code == 200 else None


def size_of(note: bytes | None) -> int:
    return 0 if note is None else open_note(note)[1].size


def soon(what: Callable[[], bool]) -> None:
    """Wait until something is so; fails where it takes too long."""
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)
