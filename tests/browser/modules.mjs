// Drives the pages' modules for the tests: one JSON request a line on standard input, one JSON answer a line.

import { createInterface } from "node:readline";

import { toBase64url, fromBase64url } from "../../api/pages/static/base64url.js";
import { checkBound } from "../../api/pages/static/binding.js";
import { checkReceipt } from "../../api/pages/static/proof.js";
import { canonicalBytes, challengeOf, draft, sign, thumbprint, uuid7 } from "../../api/pages/static/statement.js";

const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
const { crv, kty, x } = await crypto.subtle.exportKey("jwk", pair.publicKey);
const jwk = { crv, kty, x };
const key = { kid: await thumbprint(jwk), privateKey: pair.privateKey };

const ANSWERS = {
  key: async () => ({ jwk, kid: key.kid }),
  canonical: async ({ value }) => toBase64url(canonicalBytes(value)),
  statement: async ({ voice, said, madeAt }) => {
    const drafted = await draft(voice, said, madeAt);
    return { id: drafted.id, payload: toBase64url(drafted.payload), body: await sign(drafted, key) };
  },
  challenge: async ({ label, parts }) => toBase64url(await challengeOf(label, ...parts.map(fromBase64url))),
  receipt: async ({ receipt, verifier }) => checkReceipt(receipt, verifier),
  bound: async ({ says, pairs, draft, now }) => checkBound(says, pairs, draft, now) ?? null,
  uuid7: async ({ now }) => uuid7(now),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { ask, ...of } = JSON.parse(line);
  const answer = await ANSWERS[ask](of).then(
    (told) => ({ told }),
    (error) => ({ error: String(error) }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
