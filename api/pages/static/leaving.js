/**
 * Leaving quickly: by the button, or by pressing Escape three times. Nothing stays to be read, and Back leads nowhere
 * telling: this page's entry in the history is the other place's, and the session ends.
 */

const PRESSES = 3;
const WITHIN = 5000; // milliseconds from the first press to the last

const exit = document.querySelector("[data-exit]");
let pressed = [];

function leave() {
  document.body.classList.add("gone");
  document.title = " ";
  signOut();
  location.replace(exit.href);
}

/** The answer is not waited for; what keeps the way out would be the wrong thing to keep. */
function signOut() {
  const { csrf } = document.body.dataset;
  if (csrf === undefined) return;
  const body = new URLSearchParams({ csrf });
  fetch("/forms/sign-out", { method: "POST", body, keepalive: true, redirect: "manual" }).catch(() => {});
}

if (exit !== null) {
  exit.addEventListener("click", (asked) => {
    asked.preventDefault();
    leave();
  });
  document.addEventListener("keydown", (press) => {
    const { key, repeat, timeStamp } = press;
    if (!repeat) pressed = key === "Escape" ? [...pressed, timeStamp].filter((then) => timeStamp - then < WITHIN) : [];
    if (pressed.length < PRESSES) return;
    press.preventDefault(); // Escape also stops what is loading, and that is the way out
    if (!repeat) leave();
  });
}
