// @ts-check
/** A dialog in front of the page: a title, what it says, and its buttons. The browser keeps the focus inside and gives it back. */
import { h } from "./dom.js";

/**
 * @param {{title: string, body: Node[], name: string, close: string, actions?: {label: string, role: string, danger?: boolean, choose: () => void}[]}} dialog
 */
export function openDialog({ title, body, name, close, actions = [] }) {
  const already = document.querySelector(`dialog[data-dialog="${name}"]`);
  if (already instanceof HTMLDialogElement) already.close();
  const heading = h("h2", { text: title, id: `dialog-${name}` });
  const away = h("button", { type: "button", class: "button", "data-role": `${name}-close`, text: close });
  const node = h("dialog", { class: "dialog", "data-dialog": name, "aria-labelledby": `dialog-${name}` });
  const buttons = actions.map(action => {
    const button = h("button", {
      type: "button",
      class: action.danger ? "button danger" : "button dark",
      "data-role": action.role,
      text: action.label,
    });
    button.addEventListener("click", () => {
      node.close();
      action.choose();
    });
    return button;
  });
  node.append(
    heading,
    h("div", { class: "dialog-body" }, ...body),
    h("div", { class: "dialog-foot" }, away, ...buttons),
  );
  away.addEventListener("click", () => node.close());
  node.addEventListener("click", event => {
    if (event.target === node) node.close(); // the backdrop
  });
  node.addEventListener("close", () => node.remove());
  document.body.append(node);
  node.showModal();
  const part = node.querySelector(".dialog-body");
  // what is longer than the window is scrolled by keys, and where nothing else in it takes the focus, it does
  if (part instanceof HTMLElement && !part.querySelector("button, input, a[href]")) part.tabIndex = 0;
  return node;
}
