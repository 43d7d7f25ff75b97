/** Confirming a passkey: the statement that lets it sign for its owner, signed by a registrar or by the owner. */

import { post } from "./api.js";
import { freshly, session, whenAsked } from "./page.js";
import { say } from "./saying.js";
import { challengeOf, thumbprint } from "./statement.js";

/** Let each button that names a passkey confirm it. */
export function confirmWhenAsked() {
  for (const button of document.querySelectorAll("[data-confirms]")) {
    whenAsked(button, async () => {
      await confirm(JSON.parse(button.dataset.confirms));
      location.reload();
    });
  }
}

async function confirm({ person, fingerprint, jwk, rp, credential }) {
  const kid = await thumbprint(jwk);
  if ((await digitsOf(kid)) !== fingerprint) throw new TypeError("the digits shown are of another passkey");
  if (session.passkeys.length === 0) {
    // The first registrar has no key yet that could sign this, so the service records it for them.
    return freshly(() => post(`/people/${person}/passkeys/${kid}/enrolment`));
  }
  return say(session, {
    type: "passkey-enrolled/1",
    facts: { person, kid },
    public: { jwk, custody: "author", not_after: null, evidence: { person, by: session.acting_as, credential, rp } },
  });
}

/** The 24 digits that owner and registrar compare: they follow from the passkey's own public key. */
async function digitsOf(kid) {
  const digest = await challengeOf("passkey-fingerprint", new TextEncoder().encode(kid));
  const number = digest.reduce((whole, byte) => whole * 256n + BigInt(byte), 0n) % 10n ** 24n;
  return number.toString().padStart(24, "0").replace(/(.{4})(?=.)/g, "$1 ");
}
