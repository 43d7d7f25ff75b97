/** Asking the server: JSON both ways, refusals as problems (RFC 9457), and what its clock says. */

let clockDifference = 0;
heed(document.body.dataset.now);

/** What the server refused: `kind` is the last part of the problem's type, as "sign-in" or "key-not-in-force". */
export class Refused extends Error {
  constructor(problem) {
    super(problem.detail ?? problem.title);
    this.kind = String(problem.type ?? "").split(":").at(-1);
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

/** Somebody else has signed in in this browser since the page was made. */
export class SomebodyElse extends Error {}

/** Have something done; throws Refused, Offline or SomebodyElse. */
export async function post(path, body = {}) {
  try {
    return await posted(path, body);
  } catch (error) {
    if (!(error instanceof Refused) || error.kind !== "cross-site") throw error;
    await joinSession();
    return posted(path, body);
  }
}

/** This page was made in a session that is over. In another one of the same person it can go on. */
export async function joinSession() {
  const { person, csrf } = await asked("/session", { method: "GET" });
  if (JSON.parse(document.body.dataset.session ?? "{}").person !== person) throw new SomebodyElse("another account");
  document.body.dataset.csrf = csrf;
}

function posted(path, body) {
  const { csrf } = document.body.dataset;
  const headers = { "content-type": "application/json", ...(csrf === undefined ? {} : { "x-csrf-token": csrf }) };
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
