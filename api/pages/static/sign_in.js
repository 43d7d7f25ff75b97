/** Signing in with a passkey. */

import { post } from "./api.js";
import { whenAsked } from "./page.js";
import { usePasskey } from "./passkey.js";
import { forgetAllKeys } from "./session_key.js";

// Nobody is signed in here, so nobody's key is to be left: a session may have ended without anybody signing out.
const forgotten = forgetAllKeys().catch(() => {}); // a browser that keeps nothing has kept no key either

whenAsked(document.getElementById("passkey"), async () => {
  await forgotten;
  const options = await post("/sign-in/passkey/options");
  await post("/sign-in/passkey", { credential: await usePasskey(options) });
  location.assign("/");
});
