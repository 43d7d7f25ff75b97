/** Confirming that it is still the one who signed in; then on, or back to what was typed on this page. */

import { confirmAgain, whenAsked } from "./page.js";

const button = document.getElementById("again");

if (button !== null) {
  whenAsked(button, async () => {
    await confirmAgain();
    if (button.dataset.stay === undefined) location.assign(button.dataset.to ?? "/account");
    else button.closest("p").hidden = true;
  });
}
