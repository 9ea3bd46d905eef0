// @ts-check
/** What went wrong, and more quietly what is worth knowing: said where people look, until they have read it. */
import { text as T } from "../text.js";
import { h } from "./dom.js";

const STAY = { problem: 8000, note: 8000, brief: 4000 }; // ms
const MOST = 3;

/** @param {HTMLElement} root */
export function mountToasts(root) {
  /** @param {keyof typeof STAY} kind @param {string} title @param {string} detail */
  function show(kind, title, detail) {
    if (title === "") return;
    while (root.childElementCount >= MOST) root.firstElementChild?.remove();
    const close = h("button", { type: "button", class: "icon small", "aria-label": T.dismiss, text: "✕" });
    const node = h(
      "div",
      { class: "toast", "data-kind": kind, role: kind === "problem" ? "alert" : "status" },
      h("div", {}, h("b", { text: title }), detail && h("p", { text: detail })),
      close,
    );
    const away = () => node.remove();
    close.addEventListener("click", away);
    const timer = setTimeout(away, STAY[kind]);
    node.addEventListener("pointerenter", () => clearTimeout(timer));
    root.append(node);
  }
  return {
    say: (/** @type {string} */ title, detail = "") => show("problem", title, detail),
    note: (/** @type {string} */ title, detail = "") => show("note", title, detail),
    /** What an act means; it goes with the next one. */
    brief: (/** @type {string} */ title, detail = "") => show("brief", title, detail),
    read() {
      for (const brief of root.querySelectorAll('[data-kind="brief"]')) brief.remove();
    },
  };
}
