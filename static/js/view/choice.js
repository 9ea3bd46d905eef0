// @ts-check
/** A button that opens a few boxes to tick: any number of them. Closes as the browser closes what pops over. */
import { attr, h, text } from "./dom.js";

/**
 * @param {{id: string, role: string, label: string, options: Record<string, string>, face: (chosen: string[]) => string}} about
 * @param {() => void} changed
 */
export function makeChoice({ id, role, label, options, face }, changed) {
  /** @type {Set<string>} */
  const chosen = new Set();
  const button = h("button", {
    type: "button",
    class: "choice-button",
    "data-role": role,
    popovertarget: id,
    "aria-label": label,
  });
  const boxes = Object.entries(options).map(([name, word]) => {
    const input = h("input", { type: "checkbox", value: name });
    input.addEventListener("change", () => {
      if (input.checked) chosen.add(name);
      else chosen.delete(name);
      changed();
    });
    return { input, label: h("label", {}, input, word) };
  });
  const panel = h(
    "div",
    { id, popover: "auto", class: "choice-panel", role: "group", "aria-label": label },
    ...boxes.map(box => box.label),
  );
  panel.addEventListener("toggle", () => {
    if (!panel.matches(":popover-open")) return;
    const at = button.getBoundingClientRect();
    const { width, height } = panel.getBoundingClientRect();
    const above = at.top - height - 4;
    panel.style.left = `${Math.max(4, Math.min(at.left, innerWidth - width - 4))}px`;
    panel.style.top = `${above >= 4 ? above : Math.min(at.bottom + 4, Math.max(4, innerHeight - height - 4))}px`;
  });
  const shut = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || !panel.matches(":popover-open")) return;
    event.preventDefault(); // Esc is for what is open, not for the page
    event.stopPropagation();
    panel.hidePopover();
    button.focus();
  };
  button.addEventListener("keydown", shut);
  panel.addEventListener("keydown", shut);
  const show = () => {
    text(
      button,
      face(boxes.flatMap(({ input }) => (chosen.has(input.value) ? (options[input.value] ?? "") : []))),
    );
    attr(button, "data-on", chosen.size > 0);
    for (const { input } of boxes) input.checked = chosen.has(input.value);
  };
  show();
  return {
    nodes: [button, panel],
    chosen,
    show,
    clear() {
      chosen.clear();
      show();
    },
  };
}
