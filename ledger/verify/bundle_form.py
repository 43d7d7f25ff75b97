"""The form of a bundle: which files an exported zip has, how large they may be, and its list of digests.

::

    README.txt  record.html  record.json  fhir.json    what was shown
    log/verifier.txt  log/checkpoint.txt               the log's public keys; one signed checkpoint
    statements/<position>/                             what was said: entry.json, receipt.txt, facts.json, words.json
    people/<position>/                                 who was registered by which name: the same four
    keys/<position>/                                   the key history they rest on: entry.json, receipt.txt
    SHA256SUMS                                         the digest of every other file, as sha256sum writes it
    SHA256SUMS.jws                                     the service's signature over that list

A carer's bundle has the first line and ``SHA256SUMS`` only: a place on the log tells when something else was said.

``SHA256SUMS.jws`` is a JWS in compact serialisation with detached content (RFC 7515, appendix F) by the service's
key; its type keeps it from being taken for a statement.
"""

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from ledger.core import canonical
from ledger.core.errors import CoreError
from ledger.core.keys import KeyId, PublicKey, Signer

SUMS: Final = "SHA256SUMS"
SUMS_SIGNATURE: Final = "SHA256SUMS.jws"
README, PAGE, RECORD, FHIR = "README.txt", "record.html", "record.json", "fhir.json"
VERIFIER, CHECKPOINT = "log/verifier.txt", "log/checkpoint.txt"
WITHOUT_EVIDENCE: Final = frozenset({README, PAGE, RECORD, FHIR, SUMS})
WITH_EVIDENCE: Final = WITHOUT_EVIDENCE | {VERIFIER, CHECKPOINT, SUMS_SIGNATURE}
FOLDERS: Final = ("keys", "people", "statements")

LARGEST_FILE: Final = 128 * 2**20
LARGEST_BUNDLE: Final = 512 * 2**20
MOST_FILES: Final = 400_000
LARGEST_RATIO: Final = 1032
"""DEFLATE cannot shrink more: what says that it does is no honest zip."""

_PLACE: Final = re.compile(
    r"(statements|people|keys)/(0|[1-9][0-9]{0,15})/(entry\.json|receipt\.txt|facts\.json|words\.json)"
)
_SUM: Final = re.compile(r"([0-9a-f]{64})  ([!-~]+)")
_ALGORITHMS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 0x1
_UNREADABLE: Final = (
    OSError, EOFError, ValueError, OverflowError, RuntimeError, struct.error, zlib.error, zipfile.BadZipFile,
)  # fmt: skip
"""What ``zipfile`` raises for bytes that are no zip, or another kind of one."""
_TYPE: Final = "sha256sums"
_LOCAL: Final = struct.Struct("<4sHHHHHLLLHH")
_MARK: Final = b"PK\x03\x04"
"""How a file begins within a zip (APPNOTE, section 4.3.7)."""


class BundleError(CoreError):
    """A bundle that is not what an export writes, or says what its statements do not say."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of one statement: which of ``FOLDERS``, and its position on the log."""

    folder: str
    position: int

    def __str__(self) -> str:
        return f"{self.folder}/{self.position}"


def read_files(path: Path) -> dict[str, bytes]:
    """Every file of a bundle by name. Raises BundleError for a zip that no export writes; nothing is extracted."""
    try:
        with path.open("rb") as raw, zipfile.ZipFile(raw) as file:
            members = file.infolist()
            _check_members(members)
            _check_laid_out(raw, members, file.start_dir)
            return {member.filename: _read(file, member) for member in members}
    except _UNREADABLE as error:
        raise BundleError(f"{path.name}: got no zip that can be read ({error}), wanted an exported bundle") from error


def places_in(files: Mapping[str, bytes]) -> dict[Place, dict[str, bytes]]:
    """The files of each statement by their own names. Raises BundleError for a place with too few or too many."""
    places: dict[Place, dict[str, bytes]] = {}
    for name, data in files.items():
        if found := _PLACE.fullmatch(name):
            places.setdefault(Place(found[1], int(found[2])), {})[found[3]] = data
    for place, held in places.items():
        needed = {"entry.json", "receipt.txt"} | (set() if place.folder == "keys" else {"facts.json"})
        if not needed <= held.keys() or (place.folder == "keys" and len(held) != len(needed)):
            raise BundleError(f"{place}: got {', '.join(sorted(held))}, wanted {', '.join(sorted(needed))}")
    if len({place.position for place in places}) != len(places):
        raise BundleError("bundle: got one position in two folders, wanted each once")
    return dict(sorted(places.items(), key=lambda placed: placed[0].position))


def format_sums(files: Mapping[str, bytes]) -> bytes:
    """The list of digests, in the order of the names, as ``sha256sum`` writes it."""
    return "".join(f"{sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()


def check_sums(files: Mapping[str, bytes]) -> None:
    """Raise BundleError unless ``SHA256SUMS`` is the list of all other files, and each has its digest."""
    others = {name: data for name, data in files.items() if name not in (SUMS, SUMS_SIGNATURE)}
    told = _parse_sums(files[SUMS])
    if told.keys() != others.keys():
        differ = sorted(told.keys() ^ others.keys())[:5]
        raise BundleError(f"{SUMS}: got other names than the bundle has ({', '.join(differ)}), wanted each once")
    for name, data in others.items():
        if sha256(data).hexdigest() != told[name]:
            raise BundleError(f"{name}: got other bytes than {SUMS} has the digest of; get the bundle again")
    if files[SUMS] != format_sums(others):
        raise BundleError(f"{SUMS}: got another order or spelling, wanted the names in order, as sha256sum writes them")


def sign_sums(sums: bytes, signer: Signer) -> bytes:
    """The service's detached JWS over the list."""
    header = _header(signer.kid)
    signature = signer.sign(f"{header}.{canonical.base64url(sums)}".encode())
    return f"{header}..{canonical.base64url(signature)}\n".encode()


def signer_of_sums(jws: bytes) -> KeyId:
    """The key id that a detached JWS names; nothing is checked but the form. Raises BundleError."""
    found = re.fullmatch(rb"([A-Za-z0-9_-]+)\.\.([A-Za-z0-9_-]{86})\n", jws)
    header = canonical.decode(canonical.unbase64url(found[1].decode(), SUMS_SIGNATURE)) if found else None
    if not isinstance(header, dict) or not isinstance(header.get("kid"), str):
        raise BundleError(f"{SUMS_SIGNATURE}: got no detached JWS with a key id, wanted one line: header..signature")
    if header.keys() != {"alg", "kid", "typ"} or (header["alg"], header["typ"]) != ("Ed25519", _TYPE):
        raise BundleError(f"{SUMS_SIGNATURE}: got the header {header}, wanted alg Ed25519, kid and typ {_TYPE}")
    return KeyId(header["kid"])


def check_sums_signature(sums: bytes, jws: bytes, key: PublicKey) -> None:
    """Raise BundleError or BadSignature unless ``key`` signed exactly this list."""
    header, _, signature = jws.decode("ascii").rstrip("\n").split(".")
    if signer_of_sums(jws) != key.kid:
        raise BundleError(f"{SUMS_SIGNATURE}: got a signature by {signer_of_sums(jws)}, wanted one by {key.kid}")
    message = f"{header}.{canonical.base64url(sums)}".encode()
    key.check_signature(message, canonical.unbase64url(signature, SUMS_SIGNATURE, size=64))


def _header(kid: str) -> str:
    return canonical.base64url(canonical.encode({"alg": "Ed25519", "kid": kid, "typ": _TYPE}))


def _parse_sums(sums: bytes) -> dict[str, str]:
    lines = sums.decode("latin-1").split("\n")
    found = [_SUM.fullmatch(line) for line in lines[:-1]]
    told = {line[2]: line[1] for line in found if line}
    if lines[-1] or len(told) != len(lines) - 1:
        raise BundleError(f"{SUMS}: got a line of another form, or a name twice, wanted '<digest>  <name>' lines")
    return told


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    names = [member.filename for member in members]
    if len(names) > MOST_FILES or sum(member.file_size for member in members) > LARGEST_BUNDLE:
        raise BundleError(f"bundle: got too much, wanted at most {MOST_FILES:,} files and {LARGEST_BUNDLE:,} bytes")
    if len(set(names)) != len(names):
        raise BundleError("bundle: got two files of one name, wanted each once")
    for member in members:
        _check_member(member)
    fixed = {name for name in names if not _PLACE.fullmatch(name)}
    if fixed != WITH_EVIDENCE and (fixed != WITHOUT_EVIDENCE or len(names) != len(fixed)):
        raise BundleError(
            f"bundle: got the files {', '.join(sorted(fixed))[:400]}, wanted {', '.join(sorted(WITH_EVIDENCE))}"
        )


def _check_member(member: zipfile.ZipInfo) -> None:
    name = member.orig_filename
    if name != member.filename or (name not in WITH_EVIDENCE and not _PLACE.fullmatch(name)):
        raise BundleError(f"bundle: got a file {name[:80]!r}, wanted only the names that an export writes")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG) or member.flag_bits & _ENCRYPTED or member.compress_type not in _ALGORITHMS:
        raise BundleError(f"{name}: got a link, an encrypted or a strangely compressed file, wanted a plain one")
    if member.file_size > min(LARGEST_FILE, LARGEST_RATIO * max(member.compress_size, 1)):
        raise BundleError(
            f"{name}: got {member.file_size:,} bytes from {member.compress_size:,}, wanted at most {LARGEST_FILE:,},"
            " and no more than compression can have saved"
        )


def _check_laid_out(raw: BinaryIO, members: list[zipfile.ZipInfo], end: int) -> None:
    """Raise BundleError unless the files stand one behind the other from the first byte to the directory at ``end``.

    Some programs read a zip along the file, others from the directory at its end: both must find the same.
    """
    at = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        raw.seek(at)
        mark, _, flags, kind, _, _, crc, packed, size, name, extra = _LOCAL.unpack(raw.read(_LOCAL.size))
        told = (member.header_offset, member.flag_bits, member.compress_type, member.CRC, member.compress_size)
        if mark != _MARK or (at, flags, kind, crc, packed) != told or size != member.file_size:
            raise BundleError(f"{member.filename}: got something else where it begins than the zip's directory says")
        at += _LOCAL.size + name + extra + packed
    if at != end:
        raise BundleError(f"bundle: got files that end at byte {at}, wanted {end}, where the zip's directory begins")


def _read(file: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with file.open(member) as stream:
        # What a member says of its size is the zip's word: no more than that is ever read.
        data = stream.read(member.file_size + 1)
    if len(data) != member.file_size:
        raise BundleError(f"{member.filename}: got {len(data)} bytes, wanted {member.file_size} as the zip says")
    return data
