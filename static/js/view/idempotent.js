// @ts-check
/** The switch that makes workers idempotent. It moves when they are told to, and stays where it is where that is refused. */
import { ways as W } from "../text/ways.js";
import { act, h } from "./dom.js";
import { makeInfo } from "./info.js";

/** @param {() => import("../types.js").World|null} world  for the i */
export function makeIdempotent(world) {
  const box = h("input", { type: "checkbox", role: "switch", "data-role": "idempotent" });
  const label = h(
    "label",
    { class: "pill switch", title: W.idempotentNote },
    box,
    h("span", { class: "word", text: W.idempotent }),
  );
  box.addEventListener("click", event => {
    event.preventDefault(); // what has been set is what it shows, not what was asked for
    const settings = world()?.settings;
    if (settings !== undefined) act(box, "set", { near: label, idempotent: !settings.idempotent });
  });
  return {
    node: h("span", { class: "knob" }, label, makeInfo("idempotent", world)),
    /** @param {import("../types.js").World} shown */
    update({ settings }) {
      if (box.checked !== settings.idempotent) box.checked = settings.idempotent;
    },
  };
}
