// @ts-check
/** What each worker printed, as in the tutorial's three terminals: one beside the other, the newest line at the bottom. */
import { screen } from "../core/output.js";
import { exits, foot as T } from "../text/foot.js";
import { attr, h, reconcile, show, text } from "./dom.js";

/** @typedef {import("../types.js").Worker} Worker */

/** @param {HTMLElement} root */
export function mountOutput(root) {
  const empty = h("p", { class: "foot-empty", text: T.outputEmpty });
  const list = h("div", { class: "terminals" });
  root.append(list, empty);
  /** @type {Set<() => void>} */
  const changed = new Set(); // how to bring the newest line of those into sight that have one
  return {
    /** @param {import("../types.js").Scene} scene */
    update({ lanes }) {
      show(empty, lanes.length === 0);
      reconcile(
        list,
        lanes.map(lane => lane.worker),
        worker => worker.name,
        () => makeTerminal(changed),
      );
      for (const toEnd of changed) toEnd(); // now that every one is in its place
      changed.clear();
    },
  };
}

/** How near to its end a terminal is scrolled for it to follow, in px. */
const NEAR = 24;

/** @param {Set<() => void>} changed @returns {import("./dom.js").Part<Worker>} */
function makeTerminal(changed) {
  const name = h("bdi", {});
  const command = h("span", { class: "command" });
  const lines = h("div", { class: "terminal-lines", tabindex: 0, role: "log", "aria-live": "off" });
  const node = h("section", { class: "terminal" }, h("h3", {}, name, command), lines);
  /** @type {Worker|null} */
  let before = null;
  let follow = true;
  const toEnd = () => {
    lines.scrollTop = lines.scrollHeight;
  };
  lines.addEventListener(
    "scroll",
    () => {
      follow = lines.scrollHeight - lines.scrollTop - lines.clientHeight < NEAR;
    },
    { passive: true },
  );
  return {
    node,
    update(worker) {
      if (worker === before) return;
      before = worker;
      const local = worker.kind === "local";
      attr(node, "data-by", worker.name);
      attr(node, "data-state", worker.state);
      attr(node, "aria-label", worker.name);
      attr(lines, "aria-label", `${T.output}: ${worker.name}`);
      text(name, worker.name);
      text(command, local ? T.command : worker.product);
      const { ack, prefetch, queue } = worker;
      attr(command, "title", local ? T.environment(worker.name, ack, prefetch, queue) : null);
      /** @type {import("../core/output.js").Line[]} */
      const shown = local ? screen(worker) : [{ key: "note", kind: "note", text: "" }];
      reconcile(lines, shown, each => each.key, makeLine);
      if (follow) changed.add(toEnd);
    },
  };
}

/** @returns {import("./dom.js").Part<import("../core/output.js").Line>} */
function makeLine() {
  const node = h("div", { class: "terminal-line" });
  return {
    node,
    update(line) {
      attr(node, "data-kind-of", line.kind);
      text(node, words(line));
    },
  };
}

/** @param {import("../core/output.js").Line} line */
function words({ kind, text: said }) {
  if (kind === "prompt") return `$ ${T.command}`;
  if (kind === "exit") return exits[said] ?? `[${said}]`;
  if (kind === "note") return said === "" ? T.elsewhere : T.linesLeft(Number(said));
  return said === "" ? "\u00a0" : said;
}
