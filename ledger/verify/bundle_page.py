"""What a bundle says to whoever opens it: its README, and its record as a page to read.

Both follow from the rest of the bundle alone, byte for byte: the export writes them with these functions, and the
verification writes them again and compares. So the page that a person reads says what ``record.json`` says.
"""

import html
from collections.abc import Mapping, Sequence
from typing import Any, Final

Page = Mapping[str, Any]
"""One page of a record, as the HTTP API gives it."""


def page_of(pages: Sequence[Page]) -> str:
    """The record as HTML that needs no network: items newest first, each with what was said about it."""
    whose = html.escape(pages[0]["patient"]["name"] or "")
    items = "\n".join(_item(item) for page in pages for item in page["items"])
    kept = "\n".join(f"<p>{html.escape(mark['why']['because'])}</p>" for mark in pages[0].get("sealed", ()))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Record</title><style>{_STYLE}</style>'
        f"<h1>{whose}</h1><p>As it was shown at {html.escape(pages[0]['opened_at'])}.</p>\n{kept}\n{items}\n</html>\n"
    )


def readme_of(standing: str | None) -> str:
    """The README of a bundle whose checkpoint is ``recorded`` or ``witnessed``; of one without evidence for None."""
    if standing is None:
        return _FOR_CARERS
    return _README.format(standing=_STANDINGS[standing])


def _item(item: Mapping[str, Any]) -> str:
    said = [f"<h2>{html.escape(item['title'] or item['kind'])}</h2>", f"<p class=by>{_by(item)}</p>"]
    said += [f"<blockquote>{html.escape(item['quote'])}</blockquote>"] if item["quote"] else []
    said.append(f"<p class=text>{html.escape(item['text'] or _NO_WORDS)}</p>")
    said += [f"<p>{html.escape(name)}: {html.escape(value)}</p>" for name, value in (item["data"] or {}).items()]
    said += [_amendment(amendment) for amendment in item["amendments"]]
    said += ["<p><b>Marked as an error.</b></p>"] if item["in_error"] else []
    for title, member in (("Said of it", "agreements"), ("Answered", "answer"), ("Reviewed", "review")):
        said += [_remark(title, remark) for remark in _many(item.get(member))]
    said += [_item(child) for child in item["children"]]
    return "<article>" + "\n".join(said) + "</article>"


def _many(value: Any) -> Sequence[Mapping[str, Any]]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _remark(title: str, remark: Mapping[str, Any]) -> str:
    what = html.escape(remark.get("agreement") or remark["outcome"])
    words = html.escape(remark.get("text") or remark.get("reason") or "")
    return f"<p class=text><b>{title}: {what}</b> {_by(remark)}<br>{words}</p>"


def _amendment(amendment: Mapping[str, Any]) -> str:
    words = html.escape(amendment["text"] or _NO_WORDS)
    return f"<p class=text><b>Amended</b> {_by(amendment)}<br>{words}</p>"


def _by(said: Mapping[str, Any]) -> str:
    author = said["author"]
    signed = {"author": "Signed by", "service": "Recorded by the service for"}[author["signed"]]
    return html.escape(f"{signed} {author['name'] or author['id']}, {author['acting_as']}, {said['made_at']}")


_NO_WORDS: Final = "The words were erased."
_STYLE: Final = (
    "body{font:1.1em/1.5 sans-serif;max-width:45em;margin:2em auto;padding:0 1em}"
    "article{border-left:.2em solid #777;padding-left:1em;margin:1.5em 0}"
    "h2{font-size:1.1em;margin:0}.by{color:#444;margin:0}.text{white-space:pre-wrap}"
)
_STANDINGS: Final = {
    "recorded": "recorded: the log alone has signed it. Ask for a newer bundle when witnesses have cosigned",
    "witnessed": "witnessed: besides the log, the witnesses that the service relies on have cosigned it",
}
_SHOWN: Final = """A record, as one person was shown it.

record.html   to read in a browser
record.json   the same for programs
fhir.json     the same for other systems (HL7 FHIR R4)
SHA256SUMS    the digest of each file (sha256sum --check SHA256SUMS)
"""
_FOR_CARERS: Final = f"""{_SHOWN}
It is what the patient shares with you. It carries no proofs: ask the patient for a copy of theirs.
"""
_README: Final = f"""{_SHOWN}SHA256SUMS.jws  the service's signature over that list
statements/   each signed statement: entry.json is its leaf in the log, receipt.txt proves that it is in the log
              (C2SP tlog-proof), facts.json and words.json are what its author committed to
people/       the statements that registered who is who, in the same form
keys/         how the keys that signed them were enrolled, and revoked
log/          the log's public keys and one signed checkpoint, to which every receipt leads

The checkpoint is {{standing}}.

Where words.json is missing, the words were not for this reader, or they were erased since: a statement of the type
content-erased/1 then says in clear which. The signature, the place on the log and every proof hold all the same.

How one statement is checked, with tools that are not ours:
1. In entry.json, "statement" is a JWS (RFC 7515, Ed25519). Its key is the one enrolled in keys/.
2. For each of facts.json and words.json: HMAC-SHA256, with "salt" as the key, over "body" in the canonical form of
   RFC 8785, in base64url, is the commitment of that name in the JWS.
3. SHA-256 of a zero byte and entry.json is the leaf (RFC 6962) whose inclusion receipt.txt proves.
4. The checkpoint in receipt.txt is signed with the keys in log/verifier.txt. Compare those with what you were told
   about the log elsewhere: a file cannot vouch for itself.
The guide "Check a record without us" in the product's documentation does this step by step.

This proves what was said, by whom, and that it is in the log. That nothing was left out, or revoked since, it cannot
prove: ask for a verification of the whole ledger.
"""
