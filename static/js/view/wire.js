// @ts-check
/** The wire: who said what to whom, newest below; or what was said about the pinned task only. */
import { text as T } from "../text.js";
import { act, attr, h, reconcile, show, text } from "./dom.js";

/** Lines drawn; the world keeps more. */
const DRAWN = 120;

/** @param {HTMLElement} root */
export function mountWire(root) {
  const all = h("button", { type: "button", class: "tab", "data-role": "wire-all", text: T.wire });
  const only = h("button", { type: "button", class: "tab", "data-role": "wire-only" });
  const list = h("div", {
    class: "wire-lines",
    tabindex: 0,
    role: "log",
    "aria-label": T.wire,
    "aria-live": "off",
  });
  const empty = h("p", { class: "foot-empty", text: T.wireEmpty });
  const heading = h("h2", { class: "sr", text: T.wire });
  root.append(
    h("header", { class: "foot-head tabs", role: "group", "aria-label": T.wire }, heading, all, only),
    list,
    empty,
  );
  let filtered = true; // wanted, as long as a task is pinned
  let follow = true;
  /** @type {number|null} */
  let pinBefore = null;
  all.addEventListener("click", () => {
    filtered = false;
    act(root, "changed");
  });
  only.addEventListener("click", () => {
    filtered = true;
    act(root, "changed");
  });
  list.addEventListener(
    "scroll",
    () => {
      follow = list.scrollHeight - list.scrollTop - list.clientHeight < 24;
    },
    { passive: true },
  );
  /** @type {unknown} */
  let before = null;

  return {
    /** @param {import("../types.js").Scene} scene */
    update({ world, pin }) {
      if (pin !== pinBefore) filtered = pin !== null;
      const narrow = pin !== null && filtered;
      const same = before === world.wire && pin === pinBefore && narrow === (list.dataset.narrow === "true");
      pinBefore = pin;
      if (same) return;
      before = world.wire;
      attr(list, "data-narrow", narrow ? "true" : "false");
      text(only, pin === null ? "" : T.only(pin));
      show(only, pin !== null);
      attr(all, "aria-pressed", narrow ? "false" : "true");
      attr(only, "aria-pressed", narrow ? "true" : "false");
      const known = world.tasks;
      const id = narrow ? [...known.values()].find(task => task.n === pin)?.id : undefined;
      const lines = narrow ? world.wire.filter(line => line.task === id && id !== undefined) : world.wire;
      show(empty, lines.length === 0);
      const stay = follow;
      reconcile(
        list,
        lines
          .slice(-DRAWN)
          .map(line => ({ line, n: line.task === null ? null : (known.get(line.task)?.n ?? null) })),
        each => each.line.key,
        makeLine,
      );
      if (stay) list.scrollTop = list.scrollHeight;
    },
  };
}

/** @returns {import("./dom.js").Part<{line: import("../types.js").WireLine, n: number|null}>} */
function makeLine() {
  const who = h("bdi", { class: "from" });
  const arrow = h("span", { class: "arrow", "aria-hidden": "true" });
  const method = h("b", {});
  const to = h("bdi", { class: "to" });
  const detail = h("span", { class: "detail" });
  const task = h("span", { class: "of" });
  const node = h("div", { class: "wire-line" }, who, arrow, method, to, detail, task);
  node.addEventListener("click", () => {
    if (node.dataset.of) act(node, "pin", { n: Number(node.dataset.of) });
  });
  let at = "";
  return {
    node,
    update({ line, n }) {
      if (at !== line.key) {
        at = line.key;
        text(who, line.who);
        text(arrow, line.tone === "bad" ? "✕" : "→");
        text(method, line.method);
        text(to, line.to === "broker" ? "" : line.to); // everybody but the broker talks to the broker
        text(detail, line.detail);
        attr(node, "data-tone", line.tone || null);
        attr(
          node,
          "title",
          `${line.at.toFixed(3)} s  ${line.who} → ${line.to}  ${line.method} ${line.detail}`,
        );
      }
      attr(node, "data-of", n);
      if (n !== null) text(task, `#${n}`);
    },
  };
}
