/** Writing something, signed in this page. */

import { session, whenAsked } from "./page.js";
import { say } from "./saying.js";
import { uuid4, uuid7 } from "./statement.js";

const form = document.getElementById("write");
const button = document.getElementById("sign");
const item = uuid4();
let first = null;

if (button !== null) {
  form.statement.value = uuid7(Date.now());
  whenAsked(button, async () => {
    if (!form.reportValidity()) return;
    const said = itemOf(form);
    first ??= JSON.stringify(said);
    await once(() => say(session, said, form.statement.value), first === JSON.stringify(said));
    location.assign(`/?said=${encodeURIComponent(form.statement.value)}`);
  });
}

/** An answer may be lost on its way: what is refused as said before, in the same words, was said. */
async function once(saying, same) {
  try {
    await saying();
  } catch (error) {
    if (!same || error.kind !== "already-said") throw error;
  }
}

function itemOf({ record, kind, title, text }) {
  return {
    type: "item-added/1",
    facts: {
      record: record.value,
      item,
      kind: kind.value,
      topics: [],
      parent: null,
      concern: null,
      due: null,
      in_confidence: false,
      discussed: false,
      copy_given: false,
      imported: null,
    },
    words: { title: title.value.trim() || null, text: text.value, quote: null, data: null },
  };
}
