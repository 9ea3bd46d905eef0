// @ts-check
/** The tasks behind a number of the ledger, in a dialog: as many as the frames carry, and honestly how many more there are. */
import { counted, lostWithBroker } from "../core/counted.js";
import { cut } from "../core/format.js";
import { lostWords, ways as W } from "../text/ways.js";
import * as words from "../text.js";
import { openDialog } from "./dialog.js";
import { act, h } from "./dom.js";

const { text: T } = words;

/**
 * @param {import("../types.js").World} world
 * @param {string} what  a key of the ledger
 * @param {HTMLElement} root  where the verb `pin` goes up
 */
export function openList(world, what, root) {
  const found = counted(world, what).sort((a, b) => a.n - b.n);
  const total = /** @type {Record<string, number>} */ (world.ledger)[what] ?? found.length;
  const rest = Math.max(0, total - found.length);
  const items = found.map(task => {
    const button = h(
      "button",
      { type: "button", class: "list-item" },
      h("b", { class: "number", text: `#${task.n}` }),
      h("bdi", { class: "body", text: cut(task.body, 200), title: cut(task.body, 300) }),
      h("span", {
        class: "state",
        "data-state": task.state,
        text: `${words.glyphs[task.state] ?? "·"} ${words.ledger[task.state] ?? task.state}`,
      }),
      h("span", {
        class: "by",
        text: lostWithBroker(task)
          ? lostWords(task)
          : [
              ...task.attempts.map(each => `${each.worker} ${endOf(each)}`).slice(-3),
              ...(task.results > 1 ? [W.twice] : []),
            ].join(", "),
      }),
    );
    button.addEventListener("click", () => {
      dialog.close();
      act(root, "pin", { n: task.n });
    });
    return h("li", {}, button);
  });
  const dialog = openDialog({
    name: "list",
    title: T.listTitle(words.ledger[what] ?? what, total),
    close: T.close,
    body: [
      h("p", { class: "meaning", text: words.ledgerMeaning[what] ?? "" }),
      items.length > 0
        ? h("ul", { class: "list" }, ...items)
        : h("p", { text: total === 0 ? T.listNone : "" }),
      ...(rest > 0 && total > 0 ? [h("p", { class: "rest", text: T.listRest(rest) })] : []),
    ],
  });
}

/** @param {import("../types.js").Attempt} attempt */
const endOf = attempt =>
  attempt.end === null ? "◐" : attempt.end === "acked" || attempt.end === "result" ? "✓" : "✕";
