// @ts-check
/** The ledger: an equation whose every number is a button that lists those tasks, what counts beside it, and the same as a bar. */
import { count } from "../core/format.js";
import { addsUp, BESIDE, shares, shown, TERMS } from "../core/ledger.js";
import * as words from "../text.js";
import { act, attr, h, show, style, text } from "./dom.js";

/** @typedef {import("../types.js").LedgerKey} LedgerKey */

/** @param {HTMLElement} root */
export function mountLedger(root) {
  /** @type {Map<LedgerKey, {node: HTMLElement, number: HTMLElement, button: HTMLButtonElement}>} */
  const terms = new Map();
  /** @param {LedgerKey} key @param {string} [operator] */
  const term = (key, operator = "") => {
    const number = h("b", { "data-ledger": key, text: "0" });
    const glyph = words.glyphs[key] ?? "";
    const label = h(
      "span",
      { class: "label" },
      glyph && h("i", { text: glyph, "aria-hidden": "true" }),
      words.ledger[key],
    );
    const button = h(
      "button",
      { type: "button", class: "term", "data-term": key, title: words.ledgerMeaning[key] },
      number,
      label,
    );
    button.addEventListener("click", () => act(button, "list", { what: key }));
    const op = operator && h("span", { class: "op", text: operator, "aria-hidden": "true" });
    const node = h("span", { class: "part", "data-part": key }, op, button);
    terms.set(key, { node, number, button });
    return node;
  };

  const equation = h("div", { class: "equation" }, term("published"));
  for (const key of TERMS) equation.append(term(key, key === "done" ? "=" : "+"));
  const equals = /** @type {HTMLElement} */ (equation.querySelectorAll(".op")[0]);
  const bar = h("div", { class: "bar", "aria-hidden": "true" });
  /** @type {Map<LedgerKey, HTMLElement>} */
  const pieces = new Map();
  for (const key of TERMS) {
    const piece = h("i", { "data-piece": key });
    pieces.set(key, piece);
    bar.append(piece);
  }
  const beside = h("div", { class: "beside" });
  for (const key of BESIDE) beside.append(term(key));
  root.append(equation, bar, beside);

  let run = 0;
  /** @type {Set<LedgerKey>} */
  let stay = new Set(); // terms shown once stay for this run, so that the row does not jump

  return {
    /** @param {import("../types.js").Scene} scene */
    update({ world }) {
      const { ledger, settings } = world;
      if (world.run !== run) stay = new Set();
      run = world.run;
      const visible = shown(ledger, settings.ack, stay);
      for (const key of visible) if (ledger[key] > 0) stay.add(key);
      for (const [key, { node, number, button }] of terms) {
        text(number, count(ledger[key]));
        attr(button, "data-zero", ledger[key] === 0);
        if (TERMS.includes(key)) show(node, visible.includes(key));
      }
      text(equals, addsUp(ledger) ? "=" : "≠");
      attr(equals, "data-wrong", !addsUp(ledger));
      for (const { key, from, share } of shares(ledger)) {
        const piece = pieces.get(key);
        if (piece)
          style(piece, "transform", `translateX(${(from * 100).toFixed(3)}%) scaleX(${share.toFixed(5)})`);
      }
    },
  };
}
