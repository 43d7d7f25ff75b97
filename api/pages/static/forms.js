/**
 * Forms: asked first what they would say, signed here, and sent; or shown again with what is wrong, nothing lost.
 *
 * A form with `data-says` lists the statements that it may say. With a passkey that is confirmed, they are signed in
 * this page, held to what was typed and chosen in the form (binding.js). Without one, the form goes the plain way, once,
 * and the service records it.
 */

import { Offline, Refused, joinSession, serverNow } from "./api.js";
import { NotWhatWasChosen, checkBound } from "./binding.js";
import { freshly, session, tell, whenAsked } from "./page.js";
import { say } from "./saying.js";

const MOST_STEPS = 500;

/** Have every form below an element do what it needs JavaScript for. */
export function enhance(below) {
  for (const form of below.querySelectorAll("form[method=post]")) {
    if (form.dataset.says !== undefined && session?.passkeys.length > 0) whenAsked(form, (asked) => signed(form, asked));
    else sentOnce(form);
    for (const button of form.querySelectorAll("[data-unsigned]")) unsigned(form, button);
  }
  for (const button of below.querySelectorAll("[data-prints]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
}

/** Sign what a form says and send it; several statements, where it says several. */
async function signed(form, asked) {
  const submitter = asked?.submitter ?? null;
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const answer = await freshly(() => draftOf(form, submitter));
    if (answer.goto !== undefined) return location.assign(answer.goto);
    if (answer.page !== undefined) return show(answer.page);
    const filled = new FormData(form, submitter);
    checkBound(JSON.parse(form.dataset.says), [...filled], answer.sign, serverNow());
    await say(session, answer.sign, answer.id, filled.get("purpose") ?? "");
  }
  throw new NotWhatWasChosen("the form never came to an end");
}

async function draftOf(form, submitter) {
  try {
    return await asked(form, submitter);
  } catch (error) {
    if (!(error instanceof Refused) || error.kind !== "cross-site") throw error;
    await joinSession();
    return asked(form, submitter);
  }
}

async function asked(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter));
  body.set("csrf", document.body.dataset.csrf);
  let answer;
  try {
    const headers = { "x-signing": "draft" };
    answer = await fetch(form.action, { method: "POST", body, headers, credentials: "same-origin", redirect: "error" });
  } catch {
    throw new Offline("the server cannot be reached");
  }
  const type = answer.headers.get("content-type") ?? "";
  if (type.startsWith("text/html")) return { page: await answer.text() };
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused({ status: answer.status, ...told });
  return told;
}

/** A button by which a form goes the plain way though it could be signed, such as where the device's clock is wrong. */
function unsigned(form, button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    button.disabled = true;
    HTMLFormElement.prototype.submit.call(form);
  });
}

/** A form that goes the plain way is sent once, however often its button is pressed. */
function sentOnce(form) {
  form.addEventListener("submit", (asked) => {
    if (form.dataset.sent === undefined) form.dataset.sent = "";
    else asked.preventDefault();
  });
}

/** Put another page's main part in the place of this one's, and lead the reader to what is wrong. */
function show(text) {
  const main = new DOMParser().parseFromString(text, "text/html").querySelector("main");
  const here = document.querySelector("main");
  if (main === null) {
    tell("", { error: true });
    return;
  }
  here.replaceWith(main);
  enhance(main);
  main.dispatchEvent(new CustomEvent("shown", { bubbles: true }));
  (main.querySelector(".nhsuk-error-summary") ?? main).focus();
}

/**
 * A page with what is wrong in a form that went the plain way stands at the address of the page that the form was on:
 * at its own, going back to it or loading it again would ask for the form to be sent again.
 */
function standWhereTheFormWas() {
  const before = document.referrer;
  if (document.querySelector(".nhsuk-error-summary") === null || !location.pathname.startsWith("/forms/")) return;
  if (before.startsWith(`${location.origin}/`)) history.replaceState(null, "", before);
}

standWhereTheFormWas();
enhance(document);
window.dispatchEvent(new Event("forms-listen")); // what was pressed until now is sent again: see pressed_early.js
