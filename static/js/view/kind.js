// @ts-check
/** What kind of queue it is, in its heading: a button that says so, and offers the others. It changes when the broker's queue has. */

import { queueWords, ways as W } from "../text/ways.js";
import { act, attr, h, text } from "./dom.js";
import { makeInfo } from "./info.js";
import { openMenu } from "./menu.js";

/** @param {() => import("../types.js").World|null} world  for the i */
export function makeKind(world) {
  const face = h("span", { class: "kind-face" });
  const button = h(
    "button",
    { type: "button", class: "pill kind-button", "data-role": "queue-kind", "aria-haspopup": "menu" },
    face,
    h("span", { text: "▾", "aria-hidden": "true" }),
  );
  /** @type {typeof W.kinds[number]|null} */
  let now = null;
  button.addEventListener("click", () =>
    openMenu(button, {
      label: W.queueKind,
      about: [W.kindNote],
      items: W.kinds.map(each => ({
        label: each.label,
        note: each.note,
        role: each.role,
        checked: each === now,
        choose: () => act(button, "set", { near: button, durable: each.durable, kind: each.kind }),
      })),
    }),
  );
  return {
    nodes: [button, makeInfo("durable", world)],
    /** @param {import("../types.js").Scene} scene */
    update({ queue, world: { settings } }) {
      const it = queue ?? settings;
      now = W.kinds.find(each => each.kind === it.kind && each.durable === it.durable) ?? null;
      const words = queueWords(it);
      text(face, now?.face ?? words);
      attr(button, "title", `${W.queueKind}: ${words}`);
      attr(button, "aria-label", `${W.queueKind}: ${words}`);
      attr(button, "data-durable", it.durable ? "true" : "false");
      button.disabled = queue !== null && queue.name !== settings.queue; // what somebody else has declared stays as it is
    },
  };
}
