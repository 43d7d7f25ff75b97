/** Pages of receipts: each is checked here when the reader asks, or all of them. */

import { whenAsked } from "./page.js";
import { NotProved, checkReceipt } from "./proof.js";

/** Check one of the page, and show beside it whether it matches; of many at once (`quiet`), only that it does not. */
async function check(one, { quiet = false } = {}) {
  const [proved, not] = [one.querySelector("[data-proved]"), one.querySelector("[data-not-proved]")];
  proved.hidden = not.hidden = true;
  const matches = await holds(JSON.parse(one.dataset.receipt), one.closest("[data-verifier]").dataset.verifier);
  proved.hidden = quiet || !matches;
  not.hidden = matches;
  return matches;
}

async function holds(receipt, verifier) {
  try {
    await checkReceipt(receipt, verifier);
    return true;
  } catch (error) {
    if (!(error instanceof NotProved)) throw error;
    return false;
  }
}

const receipts = [...document.querySelectorAll("[data-receipt]")];

for (const one of receipts) whenAsked(one.querySelector("button"), () => check(one));

const all = document.getElementById("check-all");

if (all !== null) {
  const [proved, not] = [document.getElementById("all-proved"), document.getElementById("not-all-proved")];
  whenAsked(all, async () => {
    proved.hidden = not.hidden = true;
    const matches = await Promise.all(receipts.map((one) => check(one, { quiet: true })));
    proved.hidden = !matches.every(Boolean);
    not.hidden = !proved.hidden;
  });
}
