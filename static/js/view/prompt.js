// @ts-check
/** Asks which worker a key is meant for, until its digit comes. */
import { actions, faults as F } from "../text/faults.js";
import { keyLabels } from "../text/keys.js";
import { h, show, text } from "./dom.js";

/** @param {HTMLElement} root */
export function mountPrompt(root) {
  const words = h("b", {});
  const node = h(
    "div",
    { class: "prompt", role: "status", hidden: true },
    words,
    h("kbd", { text: F.whichKeys }),
  );
  root.before(node);
  return {
    /** @param {string|null} action  null: no more */
    ask(action) {
      show(node, action !== null);
      if (action !== null) text(words, F.whichWorker(keyLabels[action] ?? actions[action]?.label ?? action));
    },
  };
}
