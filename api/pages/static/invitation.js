/** Accepting an invitation: link and code are shown, and a passkey is made, or a login at a provider linked. */

import { post } from "./api.js";
import { tell, whenAsked } from "./page.js";
import { makePasskey } from "./passkey.js";
import { forgetAllKeys } from "./session_key.js";
import { _ } from "./words.js";

const secret = location.hash.slice(1);
const OWN = {
  "sign-in":
    _("The link or the code is wrong, was used, or is too old. Check the code; after five wrong ones the link ends. If it does not work, ask whoever invited you for a new link."),
};
const form = document.getElementById("invitation");

// What the link carries is for one use: it stays neither in the address bar nor in the history.
history.replaceState(null, "", location.pathname);

if (secret === "") tell(_("This page needs the whole link that you were sent. Open the link again."), { error: true });

function open() {
  const code = form.code.value.trim();
  return post("/invitations/open", { secret, ...(code === "" ? {} : { code }) });
}

whenAsked(form, async () => {
  const { options, ticket } = await open();
  await forgetAllKeys().catch(() => {}); // whoever was signed in here before is not any more
  const credential = await makePasskey(options);
  await post("/invitations/accept", { ticket, credential, name: form.name.value });
  location.assign("/account#passkeys");
}, OWN);

for (const button of document.querySelectorAll("[data-provider]")) {
  whenAsked(button, async () => {
    const { ticket } = await open();
    const { url } = await post("/invitations/at-provider", { provider: button.dataset.provider, ticket });
    location.assign(url);
  }, OWN);
}
