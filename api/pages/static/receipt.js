/** The page of a receipt: checked here when the reader asks. */

import { whenAsked } from "./page.js";
import { NotProved, checkReceipt } from "./proof.js";

const button = document.getElementById("check");

if (button !== null) {
  const { entry, proof, verifier } = JSON.parse(button.dataset.receipt);
  const results = { proved: document.getElementById("proved"), not: document.getElementById("not-proved") };
  button.hidden = false;
  whenAsked(button, async () => {
    for (const one of Object.values(results)) one.hidden = true;
    try {
      await checkReceipt({ entry, proof }, verifier);
      results.proved.hidden = false;
    } catch (error) {
      if (!(error instanceof NotProved)) throw error;
      results.not.hidden = false;
    }
  });
}
