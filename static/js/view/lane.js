// @ts-check
/** One worker: what it holds, what it is and in what state, and the buttons that end it. */
import { count } from "../core/format.js";
import * as words from "../text.js";
import { same } from "./chip.js";
import { act, attr, h, show, style, text } from "./dom.js";
import { openMenu } from "./menu.js";
import { makeSlot } from "./slot.js";

const { text: T } = words;
/** @typedef {import("../types.js").LaneScene} LaneScene */

/** Which actions a state allows, by kind of worker. @param {import("../types.js").Worker} worker @returns {string[]} */
function actionsOf(worker) {
  if (worker.kind !== "local") return worker.state === "cut" || worker.state === "stopped" ? [] : ["cut"];
  if (worker.state === "stopped") return ["start"];
  if (worker.state === "frozen") return ["stop", "thaw", "cut"];
  return ["stop", "finish", "freeze", "cut"];
}

export function makeLane() {
  const slot = makeSlot();
  const name = h("bdi", { class: "name" });
  const state = h("b", { class: "state-word" });
  const pid = h("span", { class: "tail pid" });
  const rest = h("span", { class: "tail" });
  const status = h("span", { class: "status" }, state, pid, rest);
  const who = h(
    "div",
    { class: "who" },
    name,
    h("span", { class: "state" }, h("i", { class: "dot", "aria-hidden": "true" }), status),
  );

  const tallyNumber = h("b", {});
  const tally = h("span", { class: "tally" }, h("i", { text: "✓", "aria-hidden": "true" }), tallyNumber);
  const button = (/** @type {string} */ action, /** @type {string} */ look) => {
    const node = h("button", {
      type: "button",
      class: `button ${look}`,
      "data-role": action,
      text: words.actions[action]?.label ?? action,
    });
    node.addEventListener("click", event => {
      // the second click of a double click on Stop must not start what the first has stopped
      if (action === "start" && event.detail > 1) return;
      act(node, "command", {
        do: "worker",
        name: node.closest(".lane")?.getAttribute("data-worker"),
        action,
      });
    });
    return node;
  };
  const stop = button("stop", "kill");
  const cut = button("cut", "kill");
  const thaw = button("thaw", "");
  const start = button("start", "");
  start.replaceChildren(T.start, h("span", { class: "tail", text: ` ${T.again}` }));
  const menu = h("button", {
    type: "button",
    class: "icon small",
    "data-role": "lane-menu",
    "aria-haspopup": "menu",
    text: "⋯",
  });
  menu.addEventListener("click", () => {
    if (lane === null) return;
    const { worker } = lane;
    openMenu(menu, {
      label: T.menu(worker.name),
      items: actionsOf(worker).map(action => ({
        label: words.actions[action]?.label ?? action,
        note: words.actions[action]?.note,
        role: `menu-${action}`,
        choose: () => act(menu, "command", { do: "worker", name: worker.name, action }),
      })),
    });
  });
  const node = h(
    "article",
    { class: "lane" },
    slot.node,
    who,
    h("div", { class: "acts" }, tally, thaw, stop, cut, start, menu),
  );

  /** @type {LaneScene|null} */
  let lane = null;
  let shownAt = 0;
  let queueShown = "";

  /** What stands behind the word for its state. @param {LaneScene} it */
  function restOf({ worker, excused }) {
    const parts = [];
    if (excused) parts.push(T.noBroker);
    else if (SAID.has(worker.state)) {
      if (worker.why) parts.push(worker.why);
    } else if (worker.kind !== "local") parts.push(T.guest);
    else if (worker.leaving) parts.push(T.leaving);
    if (worker.kind !== "local" && worker.product) parts.push(worker.product);
    if (worker.queue && queueShown && worker.queue !== queueShown) parts.push(worker.queue);
    if (worker.restart_at !== null) {
      const left = Math.max(0, Math.ceil(worker.restart_at - shownAt));
      parts.push(worker.state === "starting" ? T.inSeconds(left) : T.startsIn(left));
    }
    return parts.map(part => ` · ${part}`).join("");
  }

  return {
    node,
    slot: slot.node,
    tally,
    /** @param {string} name0 */
    queue(name0) {
      queueShown = name0;
    },
    /** @param {LaneScene} it */
    update(it) {
      const before = lane;
      const fresh = before === null || before.worker.state !== it.worker.state;
      lane = it;
      if (before !== null && alike(before, it)) return;
      const { worker } = it;
      const local = worker.kind === "local";
      const down = worker.state === "stopped" || (worker.state === "cut" && !local);
      attr(node, "data-worker", worker.name);
      attr(node, "data-state", worker.state);
      attr(node, "data-kind", worker.kind);
      attr(node, "data-ack", worker.ack);
      attr(node, "data-down", down);
      attr(node, "aria-label", worker.name);

      attr(node, "data-excused", it.excused);
      slot.update(it, down);

      text(name, worker.name);
      attr(name, "title", worker.product ? `${worker.name} · ${worker.product}` : worker.name);
      text(tallyNumber, count(worker.done));
      attr(tally, "title", T.tally(worker.name, worker.done));
      const can = new Set(actionsOf(worker));
      const hadFocus = node.contains(document.activeElement) && fresh;
      show(stop, can.has("stop"));
      attr(stop, "aria-keyshortcuts", it.index < 10 ? String(it.index) : null);
      attr(stop, "title", `${words.actions.stop?.note ?? ""}${it.index < 10 ? ` (${it.index})` : ""}`);
      show(thaw, can.has("thaw"));
      show(cut, !local && can.has("cut"));
      show(start, can.has("start"));
      style(menu, "visibility", local ? "" : "hidden");
      show(menu, !can.has("start"));
      attr(menu, "aria-label", T.menu(worker.name));
      if (hadFocus && document.activeElement instanceof HTMLElement && document.activeElement.hidden) {
        (can.has("start") ? start : can.has("stop") ? stop : menu).focus();
      }
    },
    /** @param {number} t */
    tick(t) {
      if (lane === null) return;
      shownAt = t;
      text(state, words.workerStates[lane.worker.state] ?? lane.worker.state);
      text(pid, isPlain(lane) ? ` · ${T.pid(lane.worker.pid ?? 0)}` : "");
      text(rest, restOf(lane));
      attr(status, "title", titleOf(lane.worker, status.textContent ?? ""));
      slot.tick(lane, t);
    },
  };
}

/** Nothing has to be said of a worker's state but the number of its process; big type leaves that out. @param {LaneScene} lane */
const isPlain = ({ worker, excused }) =>
  !excused && worker.kind === "local" && !worker.leaving && worker.pid !== null && !SAID.has(worker.state);
/** States that are explained by why they are. */
const SAID = new Set(["stopped", "cut", "frozen"]);

/** @param {import("../types.js").Worker} worker @param {string} said */
const titleOf = (worker, said) => (worker.kind === "local" ? said : `${said} · ${T.joined}`);

/** Whether a lane looks the same, but for its seconds: a worker that did not change is the same object. @param {LaneScene} a @param {LaneScene} b */
const alike = (a, b) =>
  a.worker === b.worker &&
  a.index === b.index &&
  a.excused === b.excused &&
  a.more === b.more &&
  a.behind.length === b.behind.length &&
  same(a.running, b.running) &&
  a.behind.every((chip, i) => same(chip, b.behind[i] ?? null));
