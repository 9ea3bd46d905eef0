// @ts-check
/** Whether the tasks of this form are persistent: the page's own choice, sent with each of them. */
import { ways as W } from "../text/ways.js";
import { h } from "./dom.js";
import { makeInfo } from "./info.js";

/** @param {() => import("../types.js").World|null} world  for the i */
export function makePersistence(world) {
  const choice = (/** @type {boolean} */ persistent) => {
    const word = persistent ? W.persistent : W.transient;
    const input = h("input", { type: "radio", name: "persistence", value: word, "data-role": word });
    input.checked = persistent;
    return {
      input,
      label: h("label", { title: persistent ? W.persistentNote : W.transientNote }, input, word),
    };
  };
  const yes = choice(true);
  const no = choice(false);
  const node = h(
    "div",
    { class: "row persistence" },
    h("fieldset", { class: "segments" }, h("legend", { class: "sr", text: W.tasks }), yes.label, no.label),
    makeInfo("persistent", world),
  );
  return {
    node,
    get persistent() {
      return yes.input.checked;
    },
    /** @param {boolean} persistent */
    set persistent(persistent) {
      yes.input.checked = persistent;
      no.input.checked = !persistent;
    },
  };
}
