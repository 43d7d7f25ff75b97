/**
 * Session keys: an Ed25519 key that cannot leave this browser, certified by its owner's passkey for twelve hours.
 *
 * It is kept in IndexedDB, one for each person, for all tabs; a lock sees to it that two tabs make one. It is kept only
 * once the ledger has admitted it: a prompt that was cancelled, or a lost answer, leaves nothing half-enrolled.
 */

import { post, serverNow } from "./api.js";
import { fromBase64url } from "./base64url.js";
import { assertOver } from "./passkey.js";
import { canonicalBytes, challengeOf, draft, sign, thumbprint } from "./statement.js";

const DATABASE = "record-ledger";
const STORE = "session-keys";
const GOOD_FOR = 12 * 3600_000 - 60_000; // a minute less than the ledger allows, for what the clocks differ by
const TOO_SHORT = 30_000;
const PATIENCE = 10_000; // for another tab, which holds the lock for as long as its question to the passkey stands

/** This browser cannot sign with Ed25519. */
export class CannotSign extends Error {}

/** Another tab asks for the passkey already, and nobody has answered it there. */
export class AskedElsewhere extends Error {}

/** The key of the person who is signed in: the one that is kept here, or a new one, for which their passkey is asked. */
export function sessionKey(session) {
  return oneTabAtATime(session.person, async () => {
    const kept = await keptKey(session.person);
    if (kept?.ledger === session.ledger && kept.notAfter - serverNow() > TOO_SHORT) return kept;
    return enrolled(session);
  });
}

/** The key that is kept for a person, if any. */
export async function keptKey(person) {
  return inStore("readonly", (store) => store.get(person));
}

/** Delete a person's key, unless another tab has put a newer one in its place. */
export function forgetKey(person, kid) {
  return oneTabAtATime(person, async () => {
    if ((await keptKey(person))?.kid === kid) await inStore("readwrite", (store) => store.delete(person));
  });
}

/** Delete every key that is kept here: at signing out, and wherever nobody is signed in. */
export async function forgetAllKeys() {
  await inStore("readwrite", (store) => store.clear());
}

async function enrolled(session) {
  const key = await newKey(session);
  const nonce = await nonceFor("session-key");
  const notAfter = new Date(key.notAfter).toISOString();
  const certificate = { v: 1, ledger: session.ledger, person: session.person, key: key.jwk, nonce, not_after: notAfter };
  const challenge = await challengeOf("session-key", canonicalBytes(certificate));
  const assertion = await assertOver(challenge, nonce, session.passkeys);
  const evidence = { person: session.person, by: "passkey", assertion };
  const said = {
    type: "key-enrolled/1",
    facts: { person: session.person, kid: key.kid },
    public: { jwk: key.jwk, custody: "author", not_after: notAfter, evidence },
  };
  const voice = { ledger: session.ledger, author: session.person, acting_as: session.acting_as };
  await post("/statements", await sign(await draft(voice, said, Date.now()), key));
  await inStore("readwrite", (store) => store.put(key));
  return key;
}

async function newKey(session) {
  const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]).catch((error) => {
    throw new CannotSign(error.message);
  });
  const { crv, kty, x } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const jwk = { crv, kty, x };
  const notAfter = Math.floor(serverNow()) + GOOD_FOR;
  const { person, ledger } = session;
  return { person, ledger, kid: await thumbprint(jwk), jwk, privateKey: pair.privateKey, notAfter };
}

/**
 * An assertion over a statement's own payload, which the ledger asks for where a statement weighs much: what the passkey
 * signs is this very statement, and not only that its owner is here.
 */
export async function assertionOver(payload, session) {
  const nonce = await nonceFor("statement");
  const challenge = await challengeOf("high-stakes", fromBase64url(nonce), payload);
  return assertOver(challenge, nonce, session.passkeys);
}

async function nonceFor(purpose) {
  const { nonces } = await post("/session/nonces", { purpose });
  return nonces[0];
}

async function oneTabAtATime(person, work) {
  const signal = AbortSignal.timeout(PATIENCE);
  try {
    return await navigator.locks.request(`record-ledger/session-key/${person}`, { signal }, work);
  } catch (error) {
    throw error === signal.reason ? new AskedElsewhere("the passkey is asked for in another tab") : error;
  }
}

async function inStore(mode, work) {
  const database = await opened();
  try {
    const transaction = database.transaction(STORE, mode);
    const request = work(transaction.objectStore(STORE));
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
    return request.result;
  } finally {
    database.close();
  }
}

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "person" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
