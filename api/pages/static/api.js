/** Asking the server: JSON both ways, refusals as problems (RFC 9457), and what its clock says. */

let clockDifference = 0;
let csrf = null;

/** What the server refused: `kind` is the last part of the problem's type, as "sign-in" or "key-not-in-force". */
export class Refused extends Error {
  constructor(problem) {
    super(problem.detail ?? problem.title);
    this.kind = String(problem.type ?? "").split(":").at(-1);
    this.status = problem.status;
    this.explanation = problem.explanation;
    this.problem = problem;
  }
}

/** The server could not be reached, so nobody knows whether it heard; asking again is safe. */
export class Offline extends Error {}

/** Milliseconds by which the server's clock is ahead of this one's, to a second. */
export function serverAhead() {
  return clockDifference;
}

/** Milliseconds since 1970 by the server's clock. */
export function serverNow() {
  return Date.now() + clockDifference;
}

/** Read something; throws Refused or Offline. */
export function get(path) {
  return asked(path, { method: "GET" });
}

/** Have something done; throws Refused or Offline. */
export async function post(path, body = {}) {
  csrf ??= document.body.dataset.csrf ?? "";
  try {
    return await posted(path, body);
  } catch (error) {
    // The cookie's value changes every quarter of an hour, and this page was made before it did.
    if (!(error instanceof Refused) || error.kind !== "cross-site" || csrf === "") throw error;
    csrf = (await get("/session")).csrf;
    return posted(path, body);
  }
}

function posted(path, body) {
  const headers = { "content-type": "application/json", ...(csrf === "" ? {} : { "x-csrf-token": csrf }) };
  return asked(path, { method: "POST", headers, body: JSON.stringify(body) });
}

async function asked(path, options) {
  let answer;
  try {
    answer = await fetch(path, { ...options, credentials: "same-origin", redirect: "error" });
  } catch {
    throw new Offline("the server cannot be reached");
  }
  heed(answer.headers.get("date"));
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused({ status: answer.status, ...told });
  return told;
}

function heed(date) {
  const instant = Date.parse(date ?? "");
  if (!Number.isNaN(instant)) clockDifference = instant - Date.now();
}
