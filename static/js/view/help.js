// @ts-check
/** Keys and signs, in a dialog. */
import { text as T } from "../text.js";
import { openDialog } from "./dialog.js";
import { h } from "./dom.js";

export function openHelp() {
  const table = (/** @type {[string, string][]} */ rows, /** @type {string} */ name) =>
    h(
      "dl",
      { class: name },
      ...rows.flatMap(([key, what]) => [h("dt", {}, h("kbd", { text: key })), h("dd", { text: what })]),
    );
  openDialog({
    name: "help",
    title: T.helpTitle,
    close: T.close,
    body: [table(T.keys, "keys"), table(T.signs, "signs")],
  });
}
