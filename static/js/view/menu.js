// @ts-check
/** A small menu beside its button. One at a time; arrow keys, Escape, and a click elsewhere do what people expect. */
import { attr, h } from "./dom.js";

/**
 * @typedef {Object} Item
 * @property {string} label
 * @property {string} [note]
 * @property {string} role
 * @property {string} [key]      the key that does the same
 * @property {boolean} [checked] it is a switch, and on or off
 * @property {() => void} choose
 */

/** @type {(() => void)|null} */
let closeOpen = null;

export const closeMenu = () => closeOpen?.();

/**
 * @param {HTMLElement} button
 * @param {{label: string, items: Item[], about?: string[], code?: string}} menu
 */
export function openMenu(button, { label, items, about = [] }) {
  const again = button.getAttribute("aria-expanded") === "true";
  closeMenu();
  if (again) return;
  const choices = items.map(item => {
    const node = h(
      "button",
      {
        type: "button",
        role: item.checked === undefined ? "menuitem" : "menuitemcheckbox",
        "aria-checked": item.checked === undefined ? null : String(item.checked),
        class: "choice",
        "data-role": item.role,
        tabindex: -1,
      },
      h("b", {}, item.checked ? h("i", { text: "✓ ", "aria-hidden": "true" }) : null, item.label),
      item.key ? h("kbd", { text: item.key, "aria-hidden": "true" }) : null,
      item.note ? h("small", { text: item.note }) : null,
    );
    node.addEventListener("click", () => {
      close();
      item.choose();
    });
    return node;
  });
  const list = h("div", { role: "menu", "aria-label": label }, ...choices);
  const node = h(
    "div",
    { class: "menu", role: "region", "aria-label": label },
    ...about.map(line => h("p", { text: line })),
    choices.length > 0 && list,
  );
  document.body.append(node);
  attr(button, "aria-expanded", "true");
  place(node, button);

  const away = (/** @type {Event} */ event) => {
    const { target } = event;
    if (target instanceof Node && !node.contains(target) && !button.contains(target)) close(false);
  };
  const keys = (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") {
      event.stopPropagation();
      if (event.key === "Escape") event.preventDefault();
      close();
    } else if (step !== undefined && choices.length > 0) {
      event.preventDefault();
      const at = choices.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
      choices[(at + step + choices.length) % choices.length]?.focus();
    }
  };
  function close(focus = true) {
    node.remove();
    attr(button, "aria-expanded", "false");
    document.removeEventListener("pointerdown", away, true);
    document.removeEventListener("keydown", keys, true);
    window.removeEventListener("resize", away0);
    closeOpen = null;
    if (focus && button.isConnected) button.focus();
  }
  const away0 = () => close(false);
  document.addEventListener("pointerdown", away, true);
  document.addEventListener("keydown", keys, true);
  window.addEventListener("resize", away0);
  closeOpen = () => close(false);
  choices[0]?.focus();
}

/** Below the button, or above where there is no room; never outside the window. @param {HTMLElement} node @param {HTMLElement} button */
export function place(node, button) {
  const at = button.getBoundingClientRect();
  const size = node.getBoundingClientRect();
  const below = at.bottom + 6;
  const top = below + size.height > window.innerHeight - 8 ? Math.max(8, at.top - size.height - 6) : below;
  const wanted = at.left + size.width > window.innerWidth - 8 ? at.right - size.width : at.left;
  const left = Math.max(8, Math.min(wanted, window.innerWidth - size.width - 8));
  node.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}
