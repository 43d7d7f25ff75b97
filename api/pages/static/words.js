/** What the modules tell people, in the page's language: English is what is written here, the rest comes with the page. */

const kept = globalThis.document?.getElementById("words-of-scripts");
const catalogue = kept == null ? {} : JSON.parse(kept.content.textContent);

/** A message in the page's language, with its `%(name)s` filled in. */
export function _(message, values = {}) {
  return (catalogue[message] ?? message).replace(/%\((\w+)\)s/g, (whole, name) => values[name] ?? whole);
}
