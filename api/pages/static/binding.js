/**
 * Binding: what the server would have somebody sign is held to what the form says and what they chose in it.
 *
 * A form lists the statements that it may say (api/pages/binding.py). Each has a type, facts and words; each member of
 * them has one source: `is` a value of the page's, a field, several fields, or `made` by the server. A draft is one of
 * those statements when it has exactly their members, and each member is what its source gives.
 */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Milliseconds by which the midnights of two places on earth differ from that of UTC, east and west. */
const EAST = 14 * HOUR;
const WEST = 12 * HOUR;
/** Milliseconds that asking, and the two clocks, may take. */
const MEANWHILE = 10 * 60_000;

/** The server asks for a signature of something else than this form says. */
export class NotWhatWasChosen extends Error {}

/**
 * Throw NotWhatWasChosen unless a draft is one of the statements that a form says, as it is filled in.
 *
 * `says` is the form's list, `pairs` what it sends, `now` is in milliseconds since 1970 by the server's clock.
 */
export function checkBound(says, pairs, draft, now) {
  const form = { pairs, now };
  const may = says.some((one) => one.type === draft.type && isBody(form, one.facts, draft.facts) && isWords(form, one.words, draft.words));
  if (!may || draft.public != null) throw new NotWhatWasChosen(draft.type);
}

function isWords(form, sources, words) {
  if (words !== null) return sources !== null && isBody(form, sources, words);
  return sources === null || Object.values(sources).every((source) => isMember(form, source, null));
}

function isBody(form, sources, body) {
  const names = Object.keys(sources);
  if (body === null || typeof body !== "object" || Object.keys(body).some((name) => !names.includes(name))) return false;
  return names.every((name) => (name in body ? isMember(form, sources[name], body[name]) : "made" in sources[name]));
}

function isMember(form, source, value) {
  const [[how, of]] = Object.entries(source);
  return SOURCES[how](form, of, value);
}

/** Each way to make a member: is this value made so? */
const SOURCES = {
  made: () => true,
  is: (form, given, value) => isSame(given, value),
  members: isWords,
  field: (form, name, value) => isSame(typed(form, name) || null, textOf(value)),
  id: (form, name, value) => (typed(form, name).toLowerCase() || null) === value,
  chosen: (form, [name, meaning], value) => Object.hasOwn(meaning, typed(form, name)) && isSame(meaning[typed(form, name)], value),
  ticked: (form, name, value) => value === all(form, name).includes("yes"),
  names: (form, name, value) => isSame(all(form, name).sort(), listed(value).sort()),
  numbers: (form, name, value) => isSame(all(form, name).map(Number), value),
  parts: (form, name, value) => isSame(all(form, name), listed(value).map((part) => `${part.kind}:${part.of}`)),
  clock: (form, name, value) => typed(form, name).padStart(5, "0") === value,
  copied: (form, name, value) => spaced(typed(form, name)) === spaced(value ?? ""),
  start: (form, name, value) => typed(form, name) !== "" && String(value).startsWith(typed(form, name)),
  headed: (form, fields, value) => composed(form, fields) === textOf(value),
  hours: (form, name, value) => Date.parse(value) === Date.parse(typed(form, "began")) + Number(typed(form, name)) * HOUR,
  minutes: (form, name, value) => Math.abs(Date.parse(value) - form.now - Number(typed(form, name)) * 60_000) < MEANWHILE,
  day: (form, name, value) => (dayOf(form, name) === null ? value === null : isSame(new Date(dayOf(form, name)).toISOString().slice(0, 10), value)),
  begins: (form, name, value) => isOfDay(form, name, value, 0, 0) || (value === null && dayOf(form, name) - EAST < form.now),
  ends: (form, name, value) => isOfDay(form, name, value, 0, DAY),
  set: (form, [at, name, day, instant], value) => isAsSet(form, name, day, instant, value) || SOURCES[at](form, name, value),
};

/** Is it the instant that was set, does the day of it still stand there, and is it of that day at all? */
function isAsSet(form, name, day, instant, value) {
  return value === instant && dayOf(form, name) === Date.parse(day) && isOfDay(form, name, value, 0, DAY);
}

/** Is it an instant of that day somewhere on earth, so many milliseconds after its beginning; or null, where none is written? */
function isOfDay(form, name, value, least, most) {
  const begins = dayOf(form, name);
  if (begins === null || value === null) return begins === value;
  const at = Date.parse(value);
  return begins + least - EAST <= at && at <= begins + most + WEST;
}

/** The beginning of the day that is written in three fields, in UTC; null where nothing is, NaN where it is no day. */
function dayOf(form, name) {
  const [year, month, day] = ["year", "month", "day"].map((part) => typed(form, `${name}-${part}`));
  return year + month + day === "" ? null : Date.parse(`${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}T00:00:00Z`);
}

/** One text of several fields, each under its heading; those in which nothing is written are left out. */
function composed(form, fields) {
  const written = fields.map(([name, heading]) => [heading, typed(form, name)]).filter(([, text]) => text !== "");
  return written.map(([heading, text]) => (heading === null ? text : `${heading}\n${text}`)).join("\n\n");
}

function all(form, name) {
  return form.pairs.filter(([one]) => one === name).map(([, value]) => value);
}

function typed(form, name) {
  return textOf(all(form, name)[0] ?? "");
}

/** A text as the server keeps it: its lines end alike, and no blank space is around it. Any other value is as it is. */
function textOf(value) {
  if (typeof value !== "string") return value;
  return value.replaceAll("\r\n", "\n").replaceAll("\0", "").replace(/^[\s\x1c-\x1f\x85]+|[\s\x1c-\x1f\x85]+$/g, "");
}

function spaced(text) {
  return textOf(text).split(/[\s\x1c-\x1f\x85]+/).join(" ");
}

function listed(value) {
  return Array.isArray(value) ? [...value] : [];
}

function isSame(one, other) {
  if (one === null || other === null || typeof one !== "object" || typeof other !== "object") return one === other;
  const names = Object.keys(one);
  if (Array.isArray(one) !== Array.isArray(other) || names.length !== Object.keys(other).length) return false;
  return names.every((name) => name in other && isSame(one[name], other[name]));
}
