// @ts-check
/** The workers: a lane each, with what it holds, how far it is, what it is, and the buttons that end it. */
import { density } from "../core/density.js";
import { count, held } from "../core/format.js";
import * as words from "../text.js";
import { describe, makeChip, mark } from "./chip.js";
import { act, attr, h, reconcile, show, style, text } from "./dom.js";
import { makeInfo } from "./info.js";
import { openMenu } from "./menu.js";
import { makePips } from "./pips.js";
import { rem } from "./shelf.js";

const { text: T } = words;
/** @typedef {import("../types.js").LaneScene} LaneScene */

/** Of the list of lanes, above and below, in rem. */
const PADDING = 0.6;

/** Which actions a state allows, by kind of worker. @param {import("../types.js").Worker} worker @returns {string[]} */
function actionsOf(worker) {
  if (worker.kind !== "local") return worker.state === "cut" || worker.state === "stopped" ? [] : ["cut"];
  if (worker.state === "stopped") return ["start"];
  if (worker.state === "frozen") return ["stop", "thaw", "cut"];
  return ["stop", "finish", "freeze", "cut"];
}

/**
 * @param {HTMLElement} root
 * @param {() => void} changed  lanes came, went, or have another size
 * @param {() => import("../types.js").World|null} world  for the i
 */
export function mountLanes(root, changed, world) {
  const add = h(
    "button",
    { type: "button", class: "button small", "data-role": "add-worker" },
    h("span", { text: "+ ", "aria-hidden": "true" }),
    T.addWorker,
  );
  add.addEventListener("click", () => act(add, "command", { do: "add" }));
  const hint = h("p", { class: "col-hint", "data-role": "hint", role: "status" });
  const list = h("div", { class: "lanes" });
  root.append(
    h("header", { class: "col-head" }, h("h2", { text: T.workers }), makeInfo("heartbeat", world), hint, add),
    list,
  );
  list.addEventListener("scroll", changed, { passive: true });

  let size = { height: 24, width: 50 };
  let shape = "";
  new ResizeObserver(() => {
    const unit = rem();
    size = { height: list.clientHeight / unit - PADDING, width: list.clientWidth / unit };
    changed();
  }).observe(list);

  /** @type {Map<string, ReturnType<typeof makeLane>>} */
  const lanes = new Map();

  return {
    /** The slot of a worker, and its tally, for the flights. @param {string} name */
    parts(name) {
      const lane = lanes.get(name);
      return lane === undefined ? null : { slot: lane.slot, tally: lane.tally };
    },

    /** @param {import("../types.js").Scene} scene */
    update(scene) {
      const { mode, columns, height, gap } = density(scene.lanes.length, size.height, size.width);
      attr(list, "data-density", mode);
      style(list, "--lane-height", `${height.toFixed(2)}rem`);
      style(list, "--lane-gap", `${gap}rem`);
      style(list, "--lane-columns", String(columns));
      const alive = new Set(scene.lanes.map(lane => lane.worker.name));
      for (const name of lanes.keys()) if (!alive.has(name)) lanes.delete(name);
      reconcile(
        list,
        scene.lanes,
        lane => lane.worker.name,
        lane => {
          const part = makeLane();
          lanes.set(lane.worker.name, part);
          return part;
        },
      );
      text(hint, scene.hint === null ? "" : (words.hints[scene.hint] ?? ""));
      for (const lane of lanes.values()) {
        lane.queue(scene.queue?.name ?? "");
        lane.tick(scene.t);
      }
      const now = `${mode}/${columns}/${height.toFixed(2)}/${[...lanes.keys()].join()}`;
      if (now !== shape) {
        shape = now;
        changed();
      }
    },

    /** Seconds and pips alone. @param {number} t */
    tick(t) {
      for (const lane of lanes.values()) lane.tick(t);
    },
  };
}

function makeLane() {
  const number = h("b", { class: "number" });
  const pips = makePips();
  const time = makeTime();
  const tag = h("span", { class: "tag" });
  const body = h("bdi", { class: "body" });
  const late = makeTime();
  const runner = h(
    "button",
    { type: "button", class: "runner" },
    h("span", { class: "line first" }, number, pips.node, tag, time.node),
    h("span", { class: "line second" }, body, late.node),
  );
  runner.addEventListener("click", () => act(runner, "pin", { n: Number(runner.dataset.task) }));
  const waiting = h("span", { class: "waiting", text: T.waiting });
  const behindWord = h("span", { class: "word", text: T.behind });
  const behindChips = h("span", { class: "minis" });
  const behindMore = h("span", { class: "mini-more" });
  const behind = h("span", { class: "behind" }, behindWord, behindChips, behindMore);
  const slot = h("div", { class: "slot" }, runner, waiting, behind);

  const name = h("bdi", { class: "name" });
  const status = h("span", { class: "status" });
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
    slot,
    who,
    h("div", { class: "acts" }, tally, thaw, stop, cut, start, menu),
  );

  /** @type {LaneScene|null} */
  let lane = null;
  let shownAt = 0;
  let queueShown = "";

  /** @param {LaneScene} it */
  function words0(it) {
    const { worker } = it;
    const parts = [words.workerStates[worker.state] ?? worker.state];
    if (worker.state === "stopped" || worker.state === "cut" || worker.state === "frozen") {
      if (worker.why) parts.push(worker.why);
    } else if (worker.kind !== "local") parts.push(T.guest);
    else if (worker.leaving) parts.push(T.leaving);
    else if (worker.pid !== null) parts.push(T.pid(worker.pid));
    if (worker.queue && queueShown && worker.queue !== queueShown) parts.push(worker.queue);
    if (worker.restart_at !== null)
      parts.push(T.startsIn(Math.max(0, Math.ceil(worker.restart_at - shownAt))));
    return parts.join(" · ");
  }

  return {
    node,
    slot,
    tally,
    /** @param {string} name0 */
    queue(name0) {
      queueShown = name0;
    },
    /** @param {LaneScene} it */
    update(it) {
      const fresh = lane === null || lane.worker.state !== it.worker.state;
      lane = it;
      const { worker, running } = it;
      const local = worker.kind === "local";
      const down = worker.state === "stopped" || (worker.state === "cut" && !local);
      attr(node, "data-worker", worker.name);
      attr(node, "data-state", worker.state);
      attr(node, "data-kind", worker.kind);
      attr(node, "data-ack", worker.ack);
      attr(node, "data-down", down);
      attr(node, "aria-label", worker.name);

      attr(slot, "data-look", running === null ? "empty" : running.look);
      attr(slot, "data-place", null);
      show(runner, running !== null);
      show(waiting, running === null && !down && worker.state !== "starting");
      if (running !== null) {
        mark(runner, running);
        attr(runner, "title", describe(running));
        attr(runner, "aria-label", describe(running));
        text(number, `#${running.task.n}`);
        text(body, running.task.body);
        const again = running.attempt > 1 && running.place === "lane";
        text(tag, again ? `↻ ${T.attempt(running.attempt)}` : "");
        show(tag, again);
      } else for (const name of ["data-task", "data-place", "data-attempt"]) attr(runner, name, null);
      const deep = it.behind.length > 0 || worker.prefetch !== 1;
      attr(slot, "data-deep", deep);
      reconcile(behindChips, it.behind, chip => chip.key, makeChip);
      text(behindMore, it.more > 0 ? T.moreShort(it.more) : "");
      show(behindWord, it.behind.length > 0);

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
      text(status, words0(lane));
      attr(status, "title", status.textContent);
      const { running, began, stopped } = lane;
      if (running === null) return;
      const until = stopped ?? t;
      pips.update(Math.min(1e6, running.task.seconds), began === null ? 0 : until - began);
      const dropped = running.place === "dropped";
      const age = running.since === null ? "" : held((dropped ? until : t) - running.since);
      const word = dropped
        ? running.task.attempts.at(-1)?.auto_ack
          ? T.wasLost
          : T.neverAcked
        : running.look === "risk"
          ? words.ledger.at_risk
          : words.ledger.unacked;
      const value = dropped ? "" : age;
      const again = running.attempt > 1 && !dropped;
      const place = again ? late : time;
      text(place.word, word ?? "");
      text(place.value, value);
      show(place.node, true);
      show((again ? time : late).node, false);
    },
  };
}

/** "unacked 1.2 s": the word goes where there is no room for it. */
function makeTime() {
  const word = h("span", { class: "word" });
  const value = h("span", {});
  return { node: h("span", { class: "time" }, word, " ", value), word, value };
}
