/** Commenting on a passage: words that are selected in an entry are put into the form, to be sent as what it is about. */

import { _ } from "./words.js";

const field = document.getElementById("quote");
const words = document.querySelector("[data-quotable]");

if (field !== null && words !== null) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "nhsuk-button nhsuk-button--secondary quoting";
  button.textContent = _("Comment on these words");
  button.hidden = true;
  words.after(button);
  let selected = "";
  document.addEventListener("selectionchange", () => {
    const text = selectedIn(words);
    if (text === "" && document.activeElement === button) return;
    selected = text;
    button.hidden = selected === "";
  });
  button.addEventListener("click", () => {
    const quote = document.getElementById("quote");
    quote.value = selected;
    button.hidden = true;
    document.getElementById("text").focus();
  });
}

/** What is selected, if all of it is in one text of an entry. */
function selectedIn(element) {
  const selection = document.getSelection();
  if (selection === null || selection.isCollapsed || !element.contains(selection.anchorNode)) return "";
  const [one, other] = [selection.anchorNode, selection.focusNode].map((node) => textAround(node));
  return one !== null && one === other ? selection.toString().replace(/\s+/g, " ").trim() : "";
}

function textAround(node) {
  return (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)?.closest(".words") ?? null;
}
