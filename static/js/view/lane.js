// @ts-check
/** One worker: what it holds, what it is and in what state, and the buttons that end it. */
import { able, choices, DELAYS, METHODS } from "../core/faults.js";
import { count } from "../core/format.js";
import { actions, faults as F, methodNotes } from "../text/faults.js";
import * as words from "../text.js";
import { same } from "./chip.js";
import { act, attr, h, show, style, text } from "./dom.js";
import { openMenu } from "./menu.js";
import { makeSlot } from "./slot.js";

const { text: T } = words;
/** @typedef {import("../types.js").LaneScene} LaneScene */

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
      text: BUTTONS[action] ?? actions[action]?.label ?? action,
    });
    node.addEventListener("click", event => {
      // The second click of a double click must not undo the first: where Stop was, Start again is at once, and the other way round.
      if (event.detail > 1) return;
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
  const release = button("release", "");
  const drop = button("drop", "");
  start.replaceChildren(T.start, h("span", { class: "tail", text: ` ${T.again}` }));
  const menu = h("button", {
    type: "button",
    class: "icon small",
    "data-role": "lane-menu",
    "aria-haspopup": "menu",
    text: "⋯",
  });
  menu.addEventListener("click", () => {
    if (lane !== null) openLaneMenu(menu, lane.worker);
  });
  const node = h(
    "article",
    { class: "lane" },
    slot.node,
    who,
    h("div", { class: "acts" }, tally, release, drop, thaw, stop, cut, start, menu),
  );

  /** @type {LaneScene|null} */
  let lane = null;
  let shownAt = 0;
  let queueShown = "";

  /** What stands behind the word for its state. @param {LaneScene} lane0 */
  function restOf(lane0) {
    const { worker } = lane0;
    const parts = [];
    const silent = silenceOf(worker, shownAt);
    if (silent !== "") parts.push(silent);
    else if (worker.faults.held.length > 0) parts.push(F.heldRest);
    else if (worker.faults.delay > 0) parts.push(F.slowRest(worker.faults.delay));
    else if (SAID.has(worker.state)) {
      if (worker.why && factOf(lane0) === "" && worker.restart_at === null) parts.push(worker.why);
    } else if (worker.kind !== "local") parts.push(T.guest);
    if (worker.kind !== "local" && worker.product) parts.push(worker.product);
    if (worker.queue && queueShown && worker.queue !== queueShown) parts.push(worker.queue);
    if (worker.restart_at !== null) {
      const left = Math.max(0, Math.ceil(worker.restart_at - shownAt));
      const alone = worker.state === "starting" || factOf(lane0) !== "";
      parts.push(alone ? T.inSeconds(left) : T.startsIn(left));
    }
    return parts.map(part => ` · ${part}`).join("");
  }

  return {
    node,
    slot: slot.node,
    tally,
    openMenu() {
      if (!menu.hidden) menu.click();
    },
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
      attr(node, "data-held", worker.faults.held.length > 0);
      attr(node, "data-silent", worker.silence !== null);
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
      const can = able(worker);
      const hadFocus = node.contains(document.activeElement) && fresh;
      show(stop, can.has("stop"));
      attr(stop, "aria-keyshortcuts", it.index < 10 ? String(it.index) : null);
      attr(stop, "title", `${actions.stop?.note ?? ""}${it.index < 10 ? ` (${it.index})` : ""}`);
      show(thaw, can.has("thaw"));
      show(cut, !local && can.has("cut") && worker.faults.held.length === 0);
      show(start, down && local);
      show(release, worker.faults.held.length > 0);
      show(drop, worker.faults.held.length > 0);
      style(menu, "visibility", can.size > 0 ? "" : "hidden");
      show(menu, !down || can.has("restore"));
      attr(menu, "aria-label", T.menu(worker.name));
      if (hadFocus && document.activeElement instanceof HTMLElement && document.activeElement.hidden) {
        (down && local ? start : can.has("stop") ? stop : menu).focus();
      }
    },
    /** @param {number} t */
    tick(t) {
      if (lane === null) return;
      shownAt = t;
      const { worker } = lane;
      text(state, wordOf(lane));
      text(pid, isPlain(lane) ? ` · ${T.pid(worker.pid ?? 0)}` : "");
      text(rest, restOf(lane));
      attr(status, "title", titleOf(lane.worker, status.textContent ?? ""));
      slot.tick(lane, t);
    },
  };
}

/** Labels of buttons that are shorter than those of the menu. @type {Record<string, string>} */
const BUTTONS = { release: F.release, drop: F.drop };

/** The menu of a worker, and the two it leads to. @param {HTMLElement} button @param {import("../types.js").Worker} worker */
export function openLaneMenu(button, worker) {
  const { name } = worker;
  const command = (/** @type {import("../core/faults.js").Act} */ what) =>
    act(button, "command", { do: "worker", name, ...what });
  const item = (/** @type {string} */ says, /** @type {() => void} */ choose) => ({
    label: actions[says]?.label ?? says,
    note: actions[says]?.note,
    role: `menu-${says}`,
    choose,
  });
  const deeper = {
    delay: () =>
      openMenu(button, {
        label: F.delayMenu(name),
        items: DELAYS.map(ms => ({
          label: F.delayLabel(ms),
          note: F.delayNote,
          role: `menu-delay-${ms}`,
          choose: () => command({ action: "delay", ms }),
        })),
      }),
    hold: () =>
      openMenu(button, {
        label: F.holdMenu(name),
        items: METHODS.map(method => ({
          label: method,
          note: methodNotes[method],
          role: `menu-hold-${method}`,
          choose: () => command({ action: "hold", method }),
        })),
      }),
  };
  openMenu(button, {
    label: T.menu(name),
    items: choices(worker).map(({ says, act: what, opens }) =>
      item(says, () => (opens !== undefined ? deeper[opens]() : what && command(what))),
    ),
  });
}

/** Whether the ack for what it holds was thrown away. @param {LaneScene} it */
function droppedAck({ running }) {
  const last = running?.place === "lane" ? running.task.attempts.at(-1) : undefined;
  return last?.fault?.kind === "drop" && last.stopped === "basic.ack";
}

/** The word for its state: what is done to it in the tap comes before what is the matter, and that before what it does. @param {LaneScene} lane */
function wordOf(lane) {
  const { state, silence, faults } = lane.worker;
  const [held] = faults.held;
  if (silence !== null && state !== "frozen") return F.silentWord;
  if (held !== undefined) return F.heldWord(held.method);
  return factOf(lane) || (words.workerStates[state] ?? state);
}

/** What is the matter with it, if that says more than its state: there is room for one of them. @param {LaneScene} lane */
function factOf(lane) {
  const { worker, excused } = lane;
  if (excused) return T.noBroker;
  if (SAID.has(worker.state) || worker.state === "starting") return "";
  if (droppedAck(lane)) return F.droppedRest;
  if (worker.stuck) return F.stuckRest;
  return worker.leaving ? T.leaving : "";
}

/** When the broker will notice that it hears nothing of this worker. @param {import("../types.js").Worker} worker @param {number} t */
function silenceOf({ silence }, t) {
  if (silence === null) return "";
  const { earliest, latest } = silence;
  return earliest === null || latest === null ? F.neverNoticed : F.missedIn(earliest - t, latest - t);
}
/** Nothing has to be said of a worker's state but the number of its process; big type leaves that out. @param {LaneScene} lane */
function isPlain(lane) {
  const { worker, excused } = lane;
  const { faults, silence, stuck } = worker;
  if (excused || worker.kind !== "local" || worker.leaving || worker.pid === null) return false;
  if (stuck || silence !== null || faults.held.length > 0 || faults.delay > 0 || droppedAck(lane))
    return false;
  return !SAID.has(worker.state);
}
/** States that are explained by why they are. */
const SAID = new Set(["stopped", "cut", "frozen"]);

/** @param {import("../types.js").Worker} worker @param {string} said */
function titleOf(worker, said) {
  if (worker.silence !== null) return `${said}. ${F.noticedTitle}`;
  if (worker.faults.held.length > 0) return `${said}. ${F.heldTitle(worker.heartbeat)}`;
  if (worker.kind !== "local") return `${said} · ${T.joined}`;
  const more = worker.leaving ? T.finishes : worker.why;
  return more && !said.includes(more) ? `${said} · ${more}` : said;
}

/** Whether a lane looks the same, but for its seconds: a worker that did not change is the same object. @param {LaneScene} a @param {LaneScene} b */
const alike = (a, b) =>
  a.worker === b.worker &&
  a.index === b.index &&
  a.excused === b.excused &&
  a.onTheWire === b.onTheWire &&
  a.more === b.more &&
  a.behind.length === b.behind.length &&
  same(a.running, b.running) &&
  a.behind.every((chip, i) => same(chip, b.behind[i] ?? null));
