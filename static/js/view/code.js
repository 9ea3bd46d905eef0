// @ts-check
/**
 * The code in force: the lines of the real workers/worker.py, the one that acts now marked, and what the switches make of it written beside.
 * In two panes, so that what a delivery does and what the worker waits in are seen together. The text comes from the server, once.
 */
import { acting, behind, changed, parse } from "../core/code.js";
import { tokens } from "../core/python.js";
import { lastTouched } from "../core/stints.js";
import { doing, standing, foot as T } from "../text/foot.js";
import * as words from "../text.js";
import { makeCopy } from "./copy.js";
import { act, attr, h, show, text } from "./dom.js";

/** @typedef {import("../types.js").Worker} Worker */

/** The line that each pane begins with: what follows it acts in turn. */
const TOPS = ["callback", "prefetch"];

/**
 * @param {HTMLElement} root
 * @param {() => Promise<string>} load  the text of the program
 */
export function mountCode(root, load) {
  const select = h("select", { "data-role": "code-lane" });
  select.addEventListener("change", () => act(select, "lane", { name: select.value }));
  const caption = h("span", { class: "code-caption", "data-role": "code-caption" });
  const copy = makeCopy();
  const bar = h(
    "div",
    { class: "code-bar" },
    h("label", {}, h("span", { class: "sr", text: T.lane }), select),
    caption,
    copy.node,
  );
  const panes = TOPS.map(() =>
    h("ol", { class: "code-pane", tabindex: 0, "aria-label": "workers/worker.py" }),
  );
  const note = h("p", { class: "foot-empty", hidden: true });
  root.append(bar, h("div", { class: "code-panes" }, ...panes), note);

  /** @type {import("../core/code.js").Program|null} */
  let program = null;
  let asked = false;
  /** @type {ReturnType<typeof makeLine>[]} */
  let lines = [];
  /** @type {number[]} */
  const heights = []; // of the panes, when they were last looked at
  /** @type {(HTMLElement|null)[]} */
  const acted = []; // the line in each that was last brought into sight

  /** @param {string} source */
  function begin(source) {
    program = parse(source);
    copy.program(source);
    lines = program.lines.map((line, i) => makeLine(line, i + 1));
    const split = program.at.main ?? lines.length;
    for (const [i, line] of lines.entries()) panes[i < split ? 0 : 1]?.append(line.node);
    show(note, !program.known);
    text(note, program.known ? "" : T.otherProgram);
    act(root, "changed");
  }

  function ask() {
    if (asked) return;
    asked = true;
    load().then(begin, () => {
      asked = false; // when it is next looked at, it is asked for again
      show(note, true);
      text(note, T.noProgram);
    });
  }

  /** Brings the line that acts into sight, unless it is; a pane that has not been looked at yet begins at its own line. @param {string|null} name */
  function look(name) {
    for (const [i, pane] of panes.entries()) {
      const node = lines[program?.at[name ?? ""] ?? -1]?.node;
      const top = lines[program?.at[TOPS[i] ?? ""] ?? -1]?.node;
      if (pane.clientHeight === 0 || top === undefined) continue;
      const fresh = heights[i] !== pane.clientHeight; // the pane is another: what was in sight may not be any more
      heights[i] = pane.clientHeight;
      const mine = node !== undefined && pane.contains(node) ? node : null;
      const seen = (/** @type {number} */ from) =>
        mine === null ||
        (mine.offsetTop >= from && mine.offsetTop + mine.offsetHeight <= from + pane.clientHeight);
      if (!fresh && (mine === acted[i] || seen(pane.scrollTop))) continue;
      acted[i] = mine;
      if (seen(top.offsetTop)) pane.scrollTop = top.offsetTop;
      else if (mine !== null) pane.scrollTop = mine.offsetTop - (pane.clientHeight - mine.offsetHeight) / 2;
    }
  }

  return {
    /**
     * When this picture changes by itself is what it returns.
     * @param {import("../types.js").Scene} scene
     * @returns {number}
     */
    update(scene) {
      ask();
      const { world, t, lanes } = scene;
      copy.world(world);
      const wanted = scene.lane ?? lastTouched(world)?.name ?? lanes[0]?.worker.name;
      const lane = lanes.find(each => each.worker.name === wanted) ?? lanes[0] ?? null;
      options(
        select,
        lanes.map(each => each.worker.name),
        lane?.worker.name ?? "",
      );
      if (program === null) return Number.POSITIVE_INFINITY;
      if (lane === null || lane.worker.kind !== "local") {
        for (const line of lines) line.update({ how: "", note: "", off: false, fresh: false });
        attr(root, "data-off", lane === null);
        text(caption, lane === null ? T.noWorker : T.guestCode(lane.worker.name));
        return Number.POSITIVE_INFINITY;
      }
      const { worker } = lane;
      const now = acting(lane, world, t);
      const fresh = changed(worker, world.settings, t);
      const says = sayings(worker);
      for (const name of Object.keys(program.at)) {
        const line = lines[program.at[name] ?? -1];
        const here = name === now.line;
        const off = worker.ack === "auto" && (name === "ack" || name === "prefetch");
        const beside = here && standing[now.how] ? `${standing[now.how]}${of(now.task)}` : (says[name] ?? "");
        line?.update({ how: here ? now.how : "", note: beside, off, fresh: fresh.lines.has(name) });
      }
      attr(root, "data-off", now.how !== "acting");
      attr(root, "data-how", now.how);
      text(caption, describe(worker, now, world.settings));
      look(now.line);
      return Math.min(now.next, fresh.next);
    },
  };
}

/** @param {number|null} task */
const of = task => (task === null ? "" : ` · #${task}`);

/** What the switches make of the lines, written beside them. @param {Worker} worker @returns {Record<string, string>} */
function sayings({ ack, prefetch, queue }) {
  const auto = ack === "auto";
  return {
    mode: auto ? "True" : "False",
    queue: queue === "" ? "" : JSON.stringify(queue),
    consume: `auto_ack=${auto ? "True" : "False"}`,
    prefetch: auto ? T.noEffect : `prefetch_count=${prefetch}`,
    ack: auto ? T.notReached : "",
  };
}

/** @param {Worker} worker @param {import("../core/code.js").Acting} now @param {import("../types.js").Settings} settings */
function describe(worker, now, settings) {
  if (behind(worker, settings) && worker.pid !== null) return T.stillRuns(worker.name);
  if (now.how === "acting") return `${doing[now.line ?? ""] ?? ""}${of(now.task)}`;
  const state = words.workerStates[worker.state] ?? worker.state;
  return [state, worker.why].filter(Boolean).join(" · ");
}

/** @param {HTMLSelectElement} select @param {string[]} names @param {string} chosen */
function options(select, names, chosen) {
  if ([...select.options].map(each => each.value).join("\n") !== names.join("\n"))
    select.replaceChildren(...names.map(name => h("option", { value: name, text: name })));
  if (select.value !== chosen) select.value = chosen;
}

/** @param {string} line @param {number} number */
function makeLine(line, number) {
  const beside = h("span", { class: "code-note" });
  const code = h(
    "code",
    { title: line.trim() || null },
    ...tokens(line).map(({ kind, text: said }) =>
      kind === "" ? said : h("span", { class: `py-${kind}`, text: said }),
    ),
  );
  const node = h(
    "li",
    { class: "code-line", value: number },
    h("span", { class: "code-number", "aria-hidden": "true", text: number }),
    code,
    beside,
  );
  return {
    node,
    /** @param {{how: string, note: string, off: boolean, fresh: boolean}} it */
    update({ how, note, off, fresh }) {
      attr(node, "data-acting", how || null);
      attr(node, "aria-current", how ? "step" : null);
      attr(node, "data-struck", off);
      attr(node, "data-fresh", fresh);
      text(beside, note);
    },
  };
}
