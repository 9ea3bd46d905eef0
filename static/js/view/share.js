// @ts-check
/** A link to the scene that is on, to be copied: in a dialog, so that it can also be read, or copied by hand where the browser forbids the rest. */
import { brief, format, sceneOf } from "../core/link.js";
import { linkText as L } from "../text/link.js";
import { text as T } from "../text.js";
import { openDialog } from "./dialog.js";
import { h, text } from "./dom.js";

/**
 * @param {import("../types.js").World} world
 * @param {import("../core/link.js").View} view
 * @param {string} body  the task in the field
 * @param {boolean} persistent  what the form makes of it
 */
export function openShare(world, { pin: _, ...view }, body, persistent) {
  const field = h("input", {
    type: "text",
    readonly: true,
    class: "address",
    "aria-label": L.address,
    "data-role": "address",
  });
  const check = (/** @type {string} */ label, /** @type {string} */ role, /** @type {boolean} */ on) => {
    const box = h("input", { type: "checkbox", "data-role": role });
    box.checked = on;
    box.addEventListener("change", write);
    return { box, label: h("label", { class: "check" }, box, label) };
  };
  const task = check(L.withTask, "share-task", false);
  const look = check(L.withLook, "share-look", Object.keys(view).length > 0);
  const word = h("span", { text: L.copy, "aria-live": "polite" });
  const copy = h("button", { type: "button", class: "button dark", "data-role": "copy" }, word);
  copy.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // no clipboard where the page did not come over https or from this machine
    }
    text(word, L.copied);
  });

  function write() {
    const scene = {
      ...brief({ ...sceneOf(world), persistent }),
      ...(task.box.checked && body.trim() !== "" ? { body } : {}),
    };
    field.value = `${location.origin}${location.pathname}${format(look.box.checked ? view : {}, scene)}`;
    text(word, L.copy);
  }
  write();

  openDialog({
    name: "share",
    title: L.title,
    close: T.close,
    body: [
      h("p", { class: "meaning", text: L.about }),
      h("div", { class: "copying" }, field, copy),
      task.label,
      look.label,
    ],
  });
}
