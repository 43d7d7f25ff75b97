/** Saying something: drafted, signed and sent from the page, with another assertion where it weighs much. */

import { Refused, post, serverAhead } from "./api.js";
import { assertionOver, forgetKey, sessionKey } from "./session_key.js";
import { draft, sign } from "./statement.js";

/** Milliseconds that the two clocks may differ by: the ledger refuses what seems made five minutes ahead of it. */
const MOST_SKEW = 4 * 60_000;

/** This device's clock is off, so that the ledger would not believe when it was said. */
export class WrongClock extends Error {}

/** The person has no passkey of which the ledger knows yet, so nothing here can sign for them. */
export class NotEnrolled extends Error {}

/**
 * Say something in the name of the person who is signed in; gives what the server answered.
 *
 * `said` has type, facts, words and public. For a type that weighs much, the passkey is asked for this very statement.
 * With the same `id` again, it is the same statement: the ledger answers with the first receipt. `purpose` is that for
 * which the record is open, where one is named.
 */
export async function say(session, said, id, purpose = "") {
  if (session.passkeys.length === 0) throw new NotEnrolled("no passkey of this person is confirmed");
  if (Math.abs(serverAhead()) > MOST_SKEW) throw new WrongClock("the clocks differ");
  const voice = { ledger: session.ledger, author: session.person, acting_as: session.acting_as };
  const drafted = await draft(voice, said, Date.now(), id);
  const key = await sessionKey(session);
  try {
    return await sent(session, said.type, drafted, key, purpose);
  } catch (error) {
    // It was revoked elsewhere, or its passkey was. Whether there can be another one, the next try shows.
    if (!(error instanceof Refused) || error.kind !== "key-not-in-force") throw error;
    await forgetKey(session.person, key.kid);
    return sent(session, said.type, drafted, await sessionKey(session), purpose);
  }
}

async function sent(session, type, drafted, key, purpose) {
  const body = await sign(drafted, key);
  if (session.high_stakes.includes(type)) body.assertion = await assertionOver(drafted.payload, session);
  return post(purpose === "" ? "/statements" : `/statements?purpose=${encodeURIComponent(purpose)}`, body);
}
