/**
 * Statements: what a person says, committed to and signed here, in the page. The server never alters a byte of it.
 *
 * The bytes are those of docs/reference/format.md, section 1: the payload is RFC 8785 JSON, the statement a compact JWS.
 */

import canonicalize from "./vendor/canonicalize.js";
import { toBase64url } from "./base64url.js";

const SALT_SIZE = 32;
const encoder = new TextEncoder();

/** The RFC 8785 bytes of a value; throws for a fraction, which the ledger knows none of, and for broken Unicode. */
export function canonicalBytes(value) {
  checkWholeNumbers(value);
  return encoder.encode(canonicalize(value));
}

/** SHA-256 of several byte strings, one after the other. */
export async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", concatenated(parts)));
}

/** The RFC 7638 thumbprint of a public JWK that has its required members and no other. */
export async function thumbprint(jwk) {
  return toBase64url(await sha256(canonicalBytes(jwk)));
}

/** A UUIDv7 (RFC 9562, section 5.7): milliseconds since 1970, then 74 random bits. */
export function uuid7(now) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let place = 5, rest = now; place >= 0; place -= 1, rest = Math.floor(rest / 256)) bytes[place] = rest % 256;
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return uuidOf(bytes);
}

/** A UUIDv4, for a thing that a statement makes. */
export function uuid4() {
  return crypto.randomUUID();
}

/** SHA-256 of a label and what follows it, as WebAuthn is given it to be signed. */
export async function challengeOf(label, ...parts) {
  return sha256(encoder.encode(`ledger/v1/${label}\0`), ...parts);
}

/**
 * A statement that is ready to be signed: its payload, and what opens its commitments.
 *
 * `said` has type, facts, words (null where there are none) and public (null but in key statements); `voice` has
 * ledger, author and acting_as; `madeAt` is in milliseconds since 1970.
 */
export async function draft(voice, said, madeAt, id = uuid7(madeAt)) {
  const [facts, words] = await Promise.all([partOf(said.facts), said.words == null ? null : partOf(said.words)]);
  const payload = {
    v: 1,
    id,
    ledger: voice.ledger,
    type: said.type,
    author: voice.author,
    acting_as: voice.acting_as,
    made_at: new Date(madeAt).toISOString(),
    facts: facts.commitment,
    words: words === null ? null : words.commitment,
    public: said.public ?? null,
  };
  return { id, payload: canonicalBytes(payload), facts: facts.opening, words: words === null ? null : words.opening };
}

/** The body of POST /statements: a draft, signed with a key (`kid` and a `privateKey` of Web Crypto). */
export async function sign(drafted, key) {
  const header = canonicalBytes({ alg: "Ed25519", kid: key.kid, typ: "statement+json" });
  const input = `${toBase64url(header)}.${toBase64url(drafted.payload)}`;
  const signature = await crypto.subtle.sign("Ed25519", key.privateKey, encoder.encode(input));
  return { statement: `${input}.${toBase64url(signature)}`, facts: drafted.facts, words: drafted.words };
}

/** A commitment to a body, and what opens it. */
async function partOf(body) {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_SIZE));
  const key = await crypto.subtle.importKey("raw", salt, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const commitment = toBase64url(await crypto.subtle.sign("HMAC", key, canonicalBytes(body)));
  return { commitment, opening: { salt: toBase64url(salt), body } };
}

function checkWholeNumbers(value) {
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new TypeError(`got the number ${value}, wanted a whole number below 2^53; say a measured value as text`);
  }
  if (value !== null && typeof value === "object") Object.values(value).forEach(checkWholeNumbers);
}

function concatenated(parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}

function uuidOf(bytes) {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
