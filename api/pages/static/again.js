/** Confirming that it is still the one who signed in. */

import { confirmAgain, whenAsked } from "./page.js";

whenAsked(document.getElementById("again"), async () => {
  await confirmAgain();
  location.assign("/account");
});
