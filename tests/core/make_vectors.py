"""Makes the project's own vectors: ``python -m tests.core.make_vectors`` writes them, tests pin them.

They are made by transcriptions of the specifications, not by the product, and each refused case is
named after the attack it makes. The entries are those of the Certificate Transparency reference tests.
ML-DSA-44 signatures are hedged, so the signed checkpoint is new each time it is written; all else in it is pinned.
"""

import json
import struct
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from tests.core.rfc6962 import Rfc6962

VECTORS = Path(__file__).parent / "vectors"
ENTRIES = [
    bytes.fromhex(entry)
    for entry in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
TREE = Rfc6962(ENTRIES)

ORIGIN = "ledger.example.org/surgery"
SIGNED_AT = 1_778_000_000
ED25519_SEED = bytes(range(32))
ML_DSA_44_SEED = bytes(range(32, 64))

Case = dict[str, Any]


def inclusion_cases() -> list[Case]:
    """Every entry of every tree up to 8, and attacks on entry 4 of 7."""
    cases = [_inclusion(index, size) for size in range(1, 9) for index in range(size)]
    honest = _inclusion(4, 7)
    path = honest["path"]
    attacks: dict[str, Case] = {
        "another entry's content": {"leaf": _text(TREE.mth(3, 4))},
        "an interior node passed off as an entry": {"leaf": _text(TREE.mth(4, 6)), "path": path[1:]},
        "said to be at the neighbour's place": {"index": 5},
        "said to be at a place that the tree does not have": {"index": 7},
        "said to be at a place before the first": {"index": -1},
        "a tree of no entries": {"index": 0, "size": 0, "path": []},
        "the root of the tree one entry earlier": {"root": _text(TREE.mth(0, 6))},
        "the root of the tree one entry later": {"root": _text(TREE.mth(0, 8))},
        "the path without its last hash": {"path": path[:-1]},
        "the path without its first hash": {"path": path[1:]},
        "no path at all": {"path": []},
        "the root put behind the path": {"path": [*path, honest["root"]]},
        "the leaf put before the path": {"path": [honest["leaf"], *path]},
        "the path upside down": {"path": path[::-1]},
        "a hash cut by a byte": {"path": [path[0][:-4] + "AA==", *path[1:]]},
    }
    return cases + [{**honest, **change, "name": name, "wanted": "refused"} for name, change in attacks.items()]


def consistency_cases() -> list[Case]:
    """Every pair of trees up to 8, and attacks on 3 grown to 7."""
    cases = [_consistency(old, new) for new in range(1, 9) for old in range(1, new + 1)]
    honest = _consistency(3, 7)
    path = honest["path"]
    attacks: dict[str, Case] = {
        "the two roots exchanged": {"old_root": honest["new_root"], "new_root": honest["old_root"]},
        "a rewritten first entry": {"old_root": _text(Rfc6962([b"rewritten", *ENTRIES[1:]]).mth(0, 3))},
        "entries exchanged": {"old_root": _text(Rfc6962([ENTRIES[1], ENTRIES[0], *ENTRIES[2:]]).mth(0, 3))},
        "a tree that shrinks": {"old_size": 7, "new_size": 3},
        "the old tree said to be smaller": {"old_size": 2},
        "the old tree said to be larger": {"old_size": 4},
        "the empty tree, from which every tree grows": {"old_size": 0, "path": []},
        "the path without its last hash": {"path": path[:-1]},
        "the path without its first hash": {"path": path[1:]},
        "the new root put behind the path": {"path": [*path, honest["new_root"]]},
        "the old root put before the path": {"path": [honest["old_root"], *path]},
        "equal sizes with different roots": {"old_size": 7, "path": []},
        "equal sizes with a path": {"old_size": 7, "old_root": honest["new_root"]},
    }
    return cases + [{**honest, **change, "name": name, "wanted": "refused"} for name, change in attacks.items()]


def merkle_vectors() -> str:
    """The text of ``vectors/merkle.json``."""
    content = {
        "entries": [entry.hex() for entry in ENTRIES],
        "roots": [TREE.mth(0, size).hex() for size in range(len(ENTRIES) + 1)],
        "inclusion": inclusion_cases(),
        "consistency": consistency_cases(),
    }
    return json.dumps(content, indent=1) + "\n"


def checkpoint_vectors() -> Case:
    """The parts of a checkpoint of seven entries that are the same each time it is signed."""
    ed25519 = Ed25519PrivateKey.from_private_bytes(ED25519_SEED)
    public = ed25519.public_key().public_bytes_raw()
    ml_dsa_public = MLDSA44PrivateKey.from_seed_bytes(ML_DSA_44_SEED).public_key().public_bytes_raw()
    text = f"{ORIGIN}\n7\n{_text(TREE.mth(0, 7))}\n"
    return {
        "text": text,
        "ed25519_vkey": f"{ORIGIN}+{_key_id(1, public).hex()}+{_text(bytes([1]) + public)}",
        "ml_dsa_44_vkey": f"{ORIGIN}+{_key_id(6, ml_dsa_public).hex()}+{_text(bytes([6]) + ml_dsa_public)}",
        "ed25519_line": f"— {ORIGIN} {_text(_key_id(1, public) + ed25519.sign(text.encode()))}\n",
        "cosigned_message": _cosigned_message().hex(),
        "ml_dsa_44_line_begins": f"— {ORIGIN} {_text(_key_id(6, ml_dsa_public) + struct.pack('>Q', SIGNED_AT))}",
    }


def signed_checkpoint() -> str:
    """A whole note; its last signature differs each time."""
    parts = checkpoint_vectors()
    ml_dsa = MLDSA44PrivateKey.from_seed_bytes(ML_DSA_44_SEED)
    key_id = _key_id(6, ml_dsa.public_key().public_bytes_raw())
    value = key_id + struct.pack(">Q", SIGNED_AT) + ml_dsa.sign(_cosigned_message())
    return f"{parts['text']}\n{parts['ed25519_line']}— {ORIGIN} {_text(value)}\n"


def _cosigned_message() -> bytes:
    """tlog-cosignature, "ML-DSA-44 signed message"."""
    name = ORIGIN.encode()
    shape = f">12sB{len(name)}sQB{len(name)}sQQ32s"
    root = TREE.mth(0, 7)
    return struct.pack(shape, b"subtree/v1\n\0", len(name), name, SIGNED_AT, len(name), name, 0, 7, root)


def _key_id(kind: int, public: bytes) -> bytes:
    return sha256(ORIGIN.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def _inclusion(index: int, size: int) -> Case:
    return {
        "name": f"entry {index} of {size}",
        "index": index,
        "size": size,
        "leaf": _text(TREE.mth(index, index + 1)),
        "path": [_text(node) for node in TREE.path(index, 0, size)],
        "root": _text(TREE.mth(0, size)),
        "wanted": "accepted",
    }


def _consistency(old: int, new: int) -> Case:
    return {
        "name": f"{old} grown to {new}",
        "old_size": old,
        "old_root": _text(TREE.mth(0, old)),
        "new_size": new,
        "new_root": _text(TREE.mth(0, new)),
        "path": [_text(node) for node in TREE.proof(old, new)],
        "wanted": "accepted",
    }


def _text(node: bytes) -> str:
    return b64encode(node).decode()


if __name__ == "__main__":
    (VECTORS / "merkle.json").write_text(merkle_vectors())
    (VECTORS / "checkpoint.json").write_text(json.dumps(checkpoint_vectors(), indent=1) + "\n")
    (VECTORS / "checkpoint.txt").write_text(signed_checkpoint())
