/**
 * What is pressed before forms.js listens waits for it: on a slow line a form is seen before the modules have come, and
 * what its reader would have signed would go the plain way, unsigned. Run at once, in the head, and no module.
 *
 * When all of the page has come and nobody listens, the module did not come, and the form goes the plain way after all.
 */
{
  const waiting = new Map();

  const hold = (asked) => {
    const session = JSON.parse(document.body.dataset.session ?? "null");
    if (asked.target.dataset.says === undefined || !session?.passkeys.length) return;
    asked.preventDefault();
    asked.stopPropagation();
    waiting.set(asked.target, asked.submitter);
  };

  const letGo = () => {
    removeEventListener("submit", hold, true);
    for (const [form, submitter] of waiting) form.requestSubmit(submitter);
    waiting.clear();
  };

  addEventListener("submit", hold, true);
  addEventListener("forms-listen", letGo, { once: true });
  addEventListener("load", letGo, { once: true });
}
