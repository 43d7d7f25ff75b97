/** What is told when something does not work: what happened in plain words, and a way on. */

import { Offline, Refused, SomebodyElse } from "./api.js";
import { NotWhatWasChosen } from "./binding.js";
import { NoPasskeys } from "./passkey.js";
import { NotEnrolled, WrongClock } from "./saying.js";
import { AskedElsewhere, CannotSign } from "./session_key.js";
import { _ } from "./words.js";

const OF_PROMPT = {
  NotAllowedError:
    _("The passkey was not used: the question was closed, it took too long, or there is no passkey of this account here. Nothing was sent. Press the button to be asked again."),
  InvalidStateError:
    _("This device already has a passkey for this account. Sign in with it, or use another device or security key."),
  NotSupportedError:
    _("This device or security key cannot make the kind of passkey that is needed. Use a phone, a computer with a screen lock, or another security key."),
  ConstraintError:
    _("This device cannot check that it is you, by fingerprint, face or PIN. Set up a screen lock or a PIN for the security key, then try again."),
  SecurityError:
    _("Passkeys work only at the address they were made for. Open this page at the address you were given."),
  AbortError: _("The question was closed. Nothing was sent. Press the button to be asked again."),
};

const OF_KIND = {
  "sign-in": _("You are signed out, perhaps in another tab or because some time has passed. What you wrote is still here: sign in again in a new tab, then press the button again."),
  "sign-in-again": _("For this, show again that it is you. Confirm with your passkey, then press the button again."),
  "key-not-in-force":
    _("Your passkey does not sign here: it was removed, or nobody has confirmed it yet. Sign in with another passkey, or ask the people who look after this service."),
  "already-said":
    _("This was recorded when you sent it first, although the answer was lost. What you changed since then was not sent: load the page again and write it as something new."),
  "too-many": _("There were too many tries."),
  "not-recorded": _("The record cannot be written at the moment. Nothing was sent. Try again in a minute."),
  busy: _("The service was too busy to answer. Press the button again; nothing is recorded twice."),
};

const OF_REASON = {
  challenge: _("It took longer than five minutes, or it was used already. Press the button again."),
  "another-place": _("Passkeys work only at the address they were made for. Open this page at the address you were given."),
  "not-verified":
    _("The passkey was used without checking that it is you. Turn on the fingerprint, face or PIN of that device or security key, or use another passkey."),
  "key-type": _("This device or security key makes a kind of passkey that cannot be checked here. Use another one."),
  "too-many": _("You have as many passkeys as one may have. Remove one that you do not use, then try again."),
  "made-before": _("This passkey is registered already. Sign in with it."),
  "another-account":
    _("That passkey is of another account. Choose one of the account that is signed in, or sign out and sign in with it."),
  copied:
    _("There may be two copies of this passkey, so it was refused. Sign in with another one, remove this one as stolen, and tell the people who look after this service."),
  unknown:
    _("This passkey signs nobody in here. It may have been removed. Use another one; or, if you have none, use your recovery code or ask the people who look after this service."),
};

const OF_CLASS = [
  [Offline, _("The service cannot be reached. Check your connection, then press the button again; nothing is recorded twice.")],
  [NoPasskeys, _("This browser knows no passkeys. Update it, or use another browser.")],
  [CannotSign, _("This browser is too old to sign what you write. Update it, or use another browser; until then you can send it unsigned.")],
  [AskedElsewhere, _("Your passkey is being asked for in another tab of this browser. Answer it there, or close that tab; then press the button here again.")],
  [SomebodyElse, _("Somebody else is signed in in this browser now, so nothing was sent. Copy what you wrote, sign out, and sign in as yourself.")],
  [NotWhatWasChosen, _("The service asked you to sign something else than this page says, so nothing was signed. Load the page again and look at it once more. If this happens again, tell the people who look after this service.")],
  [NotEnrolled, _("None of your passkeys is confirmed yet, so this cannot be signed by you. Ask for it to be confirmed; your account page has the number to read out. Until then you can send it unsigned.")],
];

/** The message for an error, as text; a page may have its own for a kind of refusal. */
export function messageOf(error, own = {}) {
  if (error instanceof WrongClock) return ofClock();
  const known = OF_CLASS.find(([family]) => error instanceof family);
  if (known !== undefined) return known[1];
  if (error instanceof DOMException) {
    return OF_PROMPT[error.name] ?? _("This browser could not use its key store or passkeys. Close other tabs of this service, or use another browser.");
  }
  if (error instanceof Refused) return ofRefusal(error, own);
  return _("Something is wrong here. Load the page again and try once more.");
}

function ofRefusal({ kind, problem, message }, own) {
  const told = own[kind] ?? OF_REASON[problem.reason] ?? OF_KIND[kind] ?? _(problem.explanation ?? message);
  if (problem.retry_after === undefined) return told;
  const wait = _("Wait %(seconds)s seconds.", { seconds: problem.retry_after });
  return `${told} ${wait}`;
}

function ofClock() {
  const here = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return _("The clock of this device (%(here)s) is wrong by more than four minutes, so nobody could rely on when you said this. Set date and time to automatic in its settings, then press the button again; or send it unsigned.", { here });
}
