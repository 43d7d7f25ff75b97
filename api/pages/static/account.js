/** One's own passkeys, logins at providers, and the code by which one gets back in without any. */

import { post } from "./api.js";
import { confirmWhenAsked } from "./confirming.js";
import { freshly, whenAsked } from "./page.js";
import { makePasskey } from "./passkey.js";

const add = document.getElementById("add");
const shown = document.getElementById("recovery-shown");

confirmWhenAsked();

whenAsked(add, async () => {
  const options = await freshly(() => post("/passkeys/options"));
  const credential = await makePasskey(options);
  await post("/passkeys", { credential, name: add.name.value });
  location.assign("/account#passkeys");
  location.reload();
});

whenAsked(document.getElementById("recovery-code"), async () => {
  const { code } = await freshly(() => post("/recovery-code"));
  shown.textContent = code;
  shown.hidden = false;
});

for (const button of document.querySelectorAll("[data-links]")) {
  whenAsked(button, async () => {
    const { url } = await freshly(() => post("/session/identities", { provider: button.dataset.links }));
    location.assign(url);
  });
}
