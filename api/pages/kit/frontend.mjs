/** What the pages use of nhsuk-frontend: fields that count, the summary of errors that takes the focus, one press once. */

import { Button, CharacterCount, ErrorSummary } from "nhsuk-frontend/dist/nhsuk/components/index.mjs";

document.body.classList.add("js-enabled", "nhsuk-frontend-supported");

function enhance(below) {
  for (const part of [Button, CharacterCount, ErrorSummary]) {
    for (const root of below.querySelectorAll(`[data-module="${part.moduleName}"]`)) {
      try {
        new part(root);
      } catch (error) {
        console.error(error); // one part that fails leaves the others, and its HTML works without
      }
    }
  }
}

enhance(document);
document.addEventListener("shown", ({ target }) => enhance(target)); // another main part was put in place: forms.js
