/** Pages of receipts: each is checked here when the reader asks. */

import { whenAsked } from "./page.js";
import { NotProved, checkReceipt } from "./proof.js";

for (const one of document.querySelectorAll("[data-receipt]")) {
  const { verifier } = one.closest("[data-verifier]").dataset;
  const results = { proved: one.querySelector("[data-proved]"), not: one.querySelector("[data-not-proved]") };
  whenAsked(one.querySelector("button"), async () => {
    for (const result of Object.values(results)) result.hidden = true;
    try {
      await checkReceipt(JSON.parse(one.dataset.receipt), verifier);
      results.proved.hidden = false;
    } catch (error) {
      if (!(error instanceof NotProved)) throw error;
      results.not.hidden = false;
    }
  });
}
