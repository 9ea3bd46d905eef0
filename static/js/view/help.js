// @ts-check
/** Keys and signs, in a dialog. The keys come from the table that they are pressed by. */
import { text as T } from "../text.js";
import { openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { helpRows } from "./keys.js";

export function openHelp() {
  const table = (
    /** @type {string} */ name,
    /** @type {{names: string[], between?: string, words: string}[]} */ rows,
  ) =>
    h(
      "dl",
      { class: name },
      ...rows.flatMap(({ names, between, words }) => [
        h(
          "dt",
          {},
          ...names.flatMap((each, i) => [i > 0 && h("i", { text: between }), h("kbd", { text: each })]),
        ),
        h("dd", { text: words }),
      ]),
    );
  openDialog({
    name: "help",
    title: T.helpTitle,
    close: T.close,
    body: [
      table("keys", helpRows()),
      table(
        "signs",
        T.signs.map(([sign, words]) => ({ names: [sign], words })),
      ),
      h("p", { class: "rest", text: T.remote }),
    ],
  });
}
