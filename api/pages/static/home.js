/** Writing something, signed in this page. */

import { session, whenAsked } from "./page.js";
import { say } from "./saying.js";
import { uuid4 } from "./statement.js";

const form = document.getElementById("write");
const button = document.getElementById("sign");
const item = uuid4();

if (button !== null) {
  whenAsked(button, async () => {
    if (!form.reportValidity()) return;
    const { statement_id } = await say(session, itemOf(form), form.statement.value);
    location.assign(`/?said=${encodeURIComponent(statement_id)}`);
  });
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
