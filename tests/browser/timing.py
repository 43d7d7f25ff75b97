"""How long signing takes in the page: ``python -m tests.browser.timing``.

It drafts and signs statements with two parts, one after the other, in Chromium, with the pages' own modules and a key
that cannot be extracted; nothing is sent. One line: the median and the 95th percentile, in milliseconds.
"""

import functools
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser.driver import chromium

STATIC = Path(__file__).parents[2] / "api" / "pages" / "static"
STATEMENTS = 200
_MEASURE = """
async ([module, count]) => {
  const { draft, sign, thumbprint } = await import(module);
  const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  const { crv, kty, x } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const key = { kid: await thumbprint({ crv, kty, x }), privateKey: pair.privateKey };
  const voice = { ledger: "ledger.example", author: crypto.randomUUID(), acting_as: "patient" };
  const facts = {
    record: crypto.randomUUID(), item: crypto.randomUUID(), kind: "contribution", topics: [], parent: null,
    concern: null, due: null, in_confidence: false, discussed: false, copy_given: false, imported: null,
  };
  const spent = [];
  for (let n = 0; n < count; n += 1) {
    const words = { title: null, text: `I slept better this week. (${n}) `.repeat(20), quote: null, data: null };
    const began = performance.now();
    await sign(await draft(voice, { type: "item-added/1", facts, words }, Date.now()), key);
    spent.push(performance.now() - began);
  }
  return spent.sort((a, b) => a - b);
}
"""


def milliseconds_to_sign(page: Page, module: str, count: int = STATEMENTS) -> list[float]:
    """What each of so many statements took in a page, the shortest first; ``module`` is the URL of statement.js."""
    spent: list[float] = page.evaluate(_MEASURE, [module, count])
    return spent


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def _files() -> Iterator[str]:
    """The pages' files at localhost, which browsers take for a secure place."""
    handler = functools.partial(_Quiet, directory=str(STATIC))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def main() -> None:
    """Measure, and say it."""
    with (
        _files() as base,
        chromium(base) as browser,
        browser.device() as device,
    ):
        tab = browser.tab(device)
        tab.go("/icon.svg")
        spent = milliseconds_to_sign(tab.page, f"{base}/statement.js")
    median, most = spent[len(spent) // 2], spent[len(spent) * 95 // 100]
    sys.stdout.write(f"signing in the page: p50 {median:.2f} ms, p95 {most:.2f} ms of {len(spent)} statements\n")


if __name__ == "__main__":
    main()
