/** What every page does: tells what went wrong, shows what is listened to, and leaves no key behind at signing out. */

import { Refused, post } from "./api.js";
import { messageOf } from "./messages.js";
import { usePasskey } from "./passkey.js";
import { forgetAllKeys } from "./session_key.js";
import { _ } from "./words.js";

const tabs = new BroadcastChannel("record-ledger");

/** Who is signed in, as the page was made; null where nobody is. */
export const session = JSON.parse(document.body.dataset.session ?? "null");

/** Tell the reader something, aloud where a screen is read aloud. */
export function tell(text, { error = false } = {}) {
  const told = document.getElementById("told"); // found anew: the main part of a page may have been put in its place
  told.textContent = text;
  told.classList.toggle("error", error);
  told.hidden = false;
  told.scrollIntoView({ block: "nearest" });
}

/**
 * Do something when a button is pressed, or a form sent: once at a time. What goes wrong is told, in `own` words or all's.
 *
 * What needs scripts is shown from here on, and not before: its module may come late on a slow line, or not at all, and
 * a form that nobody listens to would put a code into the address.
 */
export function whenAsked(element, work, own) {
  const [event, button] = element instanceof HTMLFormElement ? ["submit", element.querySelector("button")] : ["click", element];
  element.addEventListener(event, async (asked) => {
    asked.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    try {
      await work(asked);
    } catch (error) {
      tell(messageOf(error, own), { error: true });
    } finally {
      button.disabled = false;
    }
  });
  const waits = element.closest("[data-needs-scripts]");
  if (waits !== null) waits.hidden = false;
}

/** Do what needs a fresh sign-in: where the server asks for it, the passkey is asked, and it is done then. */
export async function freshly(work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refused) || error.kind !== "sign-in-again") throw error;
    await confirmAgain();
    return work();
  }
}

/** Show with a passkey again that it is the one who is signed in. */
export async function confirmAgain() {
  const options = await post("/session/again/options");
  await post("/session/again", { credential: await usePasskey(options) });
}

/** Sign out in the browser's other tabs too: no key is left, and whoever looks at them is told. */
export async function leave() {
  await forgetAllKeys();
  tabs.postMessage("signed-out");
}

for (const form of document.querySelectorAll("form[data-signs-out]")) {
  form.addEventListener("submit", async (asked) => {
    asked.preventDefault();
    try {
      await leave();
    } finally {
      form.submit();
    }
  });
}

tabs.addEventListener("message", () => {
  if (session !== null) tell(_("You signed out in another tab. What is written here is not sent until you sign in again."), { error: true });
});

// A page that the browser brings back with its back button may be somebody's who has left: ask the server anew.
window.addEventListener("pageshow", (shown) => {
  if (shown.persisted) location.reload();
});
