/** A session together: counts down what is left of it, and shows the page anew when it is over. */

import { serverNow } from "./api.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** What is left, as minutes and seconds: 14:05. */
export function left(milliseconds) {
  const minutes = Math.floor(milliseconds / MINUTE);
  const seconds = Math.floor((milliseconds % MINUTE) / SECOND);
  return `${minutes}:${String(seconds).padStart(2, "0")}`;
}

function countDown(section) {
  const until = Date.parse(section.querySelector("[data-until]").dataset.until);
  const shown = section.querySelector(".countdown");
  const tick = () => {
    const rest = until - serverNow();
    if (rest <= 0) return location.reload();
    shown.textContent = left(rest);
    shown.hidden = false;
    return setTimeout(tick, rest % SECOND || SECOND);
  };
  tick();
}

for (const section of document.querySelectorAll("[data-open]")) countDown(section);
