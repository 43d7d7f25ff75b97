/** Getting back in with a recovery code: a new passkey is made. */

import { post } from "./api.js";
import { whenAsked } from "./page.js";
import { makePasskey } from "./passkey.js";
import { forgetAllKeys } from "./session_key.js";
import { _ } from "./words.js";

const OWN = {
  "sign-in": _("This code is wrong or was used. Check it, or ask the people who look after this service to let you back in."),
};
const form = document.getElementById("recovery");

whenAsked(form, async () => {
  const { options, ticket } = await post("/recovery-code/use", { code: form.code.value });
  await forgetAllKeys().catch(() => {}); // whoever was signed in here before is not any more
  const credential = await makePasskey(options);
  await post("/invitations/accept", { ticket, credential, name: form.name.value });
  location.assign("/account#passkeys");
}, OWN);
