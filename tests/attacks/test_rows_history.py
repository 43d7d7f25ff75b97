"""Rows of the attacks that must be detected: another history than the one that was shown. Each is made on real
processes: the service, mirrors, and a witness with keys and a memory of its own."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from api.postgres import EmbeddedPostgres
from api.sign_in.key_file import KeyFile
from ledger.core.checkpoint import CheckpointSigner, add_cosignatures, open_note
from ledger.core.merkle import ConsistencyError, NodeHash, check_consistency
from ledger.core.note import SignatureType, parse_base64
from ledger.core.receipt import Receipt
from ledger.core.trust_policy import TrustPolicy
from tests.attacks.ground import Ground, threat, write_keys
from tests.attacks.rewriting import rewrite_history
from tests.begun import PROGRAM, run
from tests.command_line.running import environment
from tests.postgres_fixture import Database, new_database
from tests.story import KEYRING


@contextmanager
def another(ground: Ground, home: Path) -> Iterator[Ground]:
    """A copy of the attacked ledger as it is, which can be served beside it."""
    server: EmbeddedPostgres = ground.database.server
    with new_database(server, ground.database.name) as name:
        write_keys(home)
        yield replace(ground, home=home, database=Database(server, name))


def mirror(ground: Ground, url: httpx.URL, to: Path) -> subprocess.CompletedProcess[str]:
    """``record-ledger mirror``, as Ruth the auditor runs it."""
    ruth, verifier = ground.home / "ruth.json", ground.home / "verifier.txt"
    verifier.write_text(str(KEYRING.log.verifier))
    if not ruth.exists():
        write_key_file(ground, "ruth", ruth)
    command = [PROGRAM, "mirror", str(url), str(to), "--key", str(ruth), "--verifier", str(verifier)]
    return run(command, env=environment(None), timeout=60)


def write_key_file(ground: Ground, name: str, to: Path) -> None:
    """The key of somebody of the story as the command line keeps keys."""
    key, person = ground.lived.keys[name], ground.lived.people[name].person
    KeyFile(key.signer, key.seed, person, KEYRING.origin).write(to)


def test_truncate_the_tail_or_restore_an_older_backup(ground: Ground, tmp_path: Path) -> None:
    """The service that released more does not start, signs nothing, and says why and what to do."""
    with ground.serving() as http:
        released = KEYRING.log.verifier.open_checkpoint(http.get("/log/checkpoint").content)
    rewrite_history(ground, until=released.size - 20)
    assert ground.verify()["ok"], "in itself the shorter history is whole"
    refused = ground.run("serve", "--port", "0")
    assert refused.returncode == 3, refused.stderr
    told = " ".join(refused.stderr.split())
    assert f"{released.size - 20:,} entries" in told
    assert f"{released.size:,} entries" in told
    assert "record-ledger recover" in told
    assert ground.rows("select max(size) from ledger.checkpoint") == [(released.size - 20,)]


def test_two_different_histories_shown_to_two_people(ground: Ground, tmp_path: Path) -> None:
    """Each history holds for whoever sees it alone; two mirrors of one origin, compared, do not go together."""
    with another(ground, tmp_path / "other") as other:
        rewrite_history(other)
        with ground.serving() as http:
            first = mirror(ground, http.base_url, tmp_path / "one")
        with other.serving() as http:
            second = mirror(other, http.base_url, tmp_path / "two")
            refused = mirror(other, http.base_url, tmp_path / "one")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert refused.returncode == 1, refused.stderr
    assert "does not go on from" in refused.stderr
    assert list((tmp_path / "one" / "refused").iterdir())
    command = [PROGRAM, "verify", "mirror", str(tmp_path / "one"), "--against", str(tmp_path / "two")]
    compared = run(command, env=environment(None), timeout=60)
    assert compared.returncode == 1, compared.stdout + compared.stderr


def test_rewrite_history_with_the_stolen_log_key(ground: Ground) -> None:
    """Nothing in the database contradicts it; a receipt that was given out does, to whoever holds it."""
    late: Receipt = ground.lived.receipts["late"]
    position = rewrite_history(ground)
    assert position < late.index
    assert ground.verify()["ok"], "the other history is to be whole in itself"
    with ground.serving() as http:
        now = KEYRING.log.verifier.open_checkpoint(http.get("/log/checkpoint").content)
        then = KEYRING.log.verifier.open_checkpoint(late.checkpoint_note)
        told = http.get("/log/proof/consistency", params={"old": then.size, "new": now.size})
    assert told.status_code == 200, told.text
    proof = [NodeHash(parse_base64(line)) for line in told.text.splitlines()]
    with pytest.raises(ConsistencyError):
        check_consistency(then.size, then.root, now.size, now.root, proof)


def test_log_and_a_quorum_of_witnesses_collude(ground: Ground, tmp_path: Path) -> None:
    """Each note is witnessed under one policy, and each history whole; only beside each other do they contradict."""
    witness = CheckpointSigner.from_seed("witness.example", SignatureType.ED25519_COSIGNATURE, bytes(range(32)))
    policy = TrustPolicy.parse(f"witness w {witness.key}\nquorum w\n")
    notes = []
    with another(ground, tmp_path / "other") as other:
        rewrite_history(other)
        for one in (ground, other):
            assert one.verify()["ok"]
            [(note,)] = one.rows("select note from ledger.checkpoint order by size desc limit 1")
            notes.append(add_cosignatures(note, [witness.sign(open_note(note)[1], 1_800_000_000)]))
    for note in notes:
        policy.check_witnessed(note)
    first, second = (KEYRING.log.verifier.open_checkpoint(note) for note in notes)
    assert (first.origin, first.size) == (second.origin, second.size)
    assert first.root != second.root
    assert "**not detected**" in threat("The log and a quorum of witnesses")
