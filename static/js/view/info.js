// @ts-check
/** An "i" beside a knob: a button, and a small dialog that is not modal. The browser's popover brings Escape and the click elsewhere. */
import { knobWords as K, knobs } from "../text/knobs.js";
import { attr, h, text } from "./dom.js";
import { place } from "./menu.js";

/**
 * @param {string} name  of the knob
 * @param {() => import("../types.js").World|null} world
 */
export function makeInfo(name, world) {
  const knob = knobs[name];
  const title = knob?.title ?? name;
  const says = h("p", {});
  const bubble = h(
    "div",
    {
      class: "info-says",
      popover: "auto",
      role: "dialog",
      "aria-label": title,
      tabindex: -1,
      "data-info": name,
    },
    h("h3", { text: title }),
    says,
    h("p", {}, h("b", { text: K.tries }), knob?.tries ?? ""),
  );
  const button = h("button", {
    type: "button",
    class: "info",
    "data-role": `info-${name}`,
    "aria-label": K.about(title),
    "aria-haspopup": "dialog",
    "aria-expanded": "false",
    text: "i",
  });
  let closedAt = Number.NEGATIVE_INFINITY;
  button.addEventListener("click", event => {
    const here = world();
    // a click on the i closes the bubble by itself, as any click elsewhere does: it must not open it again
    if (here === null || event.timeStamp - closedAt < 300) return;
    text(says, knob?.says(here) ?? "");
    if (!bubble.isConnected) document.body.append(bubble);
    bubble.showPopover();
    place(bubble, button);
    bubble.focus();
  });
  bubble.addEventListener("toggle", event => {
    const open = /** @type {ToggleEvent} */ (event).newState === "open";
    attr(button, "aria-expanded", open ? "true" : "false");
    if (open) return;
    closedAt = performance.now();
    if (document.activeElement === document.body || bubble.contains(document.activeElement)) button.focus();
    bubble.remove();
  });
  return button;
}
