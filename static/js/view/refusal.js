// @ts-check
/** What was refused, said at the knob that asked for it: where one looks. Goes with Escape, a click elsewhere, or by itself. */
import { h } from "./dom.js";
import { place } from "./menu.js";

const STAY = 8000; // ms

/** @param {HTMLElement} near @param {string} title @param {string} detail */
export function refuse(near, title, detail) {
  document.querySelector("[data-role=refusal]")?.remove();
  const node = h(
    "div",
    { class: "info-says refusal", popover: "auto", role: "alert", "data-role": "refusal" },
    h("h3", { text: title }),
    h("p", { text: detail }),
  );
  document.body.append(node);
  node.showPopover();
  place(node, near);
  const timer = setTimeout(() => node.remove(), STAY);
  node.addEventListener("toggle", event => {
    if (/** @type {ToggleEvent} */ (event).newState === "open") return;
    clearTimeout(timer);
    node.remove();
  });
}
