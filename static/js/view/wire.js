// @ts-check
/** The wire: who said what to whom, newest below; all of it, or what is asked for of it. */
import { clientOf, narrows, select as pick, speakerOf, speakers } from "../core/filter.js";
import { thousandths } from "../core/format.js";
import { WIRE_KEPT } from "../core/merge.js";
import { kinds, speakers as signs, foot as T } from "../text/foot.js";
import { makeChoice } from "./choice.js";
import { act, attr, h, reconcile, rove, show, text } from "./dom.js";

/** @typedef {import("../types.js").WireLine} WireLine */

/** Lines drawn while the newest are followed; who scrolls up gets all that are kept. */
const DRAWN = 120;
/** How near to its end the log is scrolled for it to follow, in px. */
const NEAR = 24;

/** @param {HTMLElement} root */
export function mountWire(root) {
  const only = h("button", {
    type: "button",
    class: "choice-button",
    "data-role": "wire-only",
    "aria-pressed": "false",
  });
  const who = h("select", { "data-role": "wire-who", "aria-label": T.who, class: "choice-button" });
  const again = () => act(root, "changed");
  const methods = makeChoice(
    {
      id: "wire-methods",
      role: "wire-methods",
      label: T.methods,
      options: kinds,
      face: chosen => (chosen.length === 0 ? T.everyMethod : T.someMethods(chosen)),
    },
    () => {
      methods.show();
      again();
    },
  );
  const list = h("div", {
    class: "wire-lines",
    tabindex: 0,
    role: "log",
    "aria-label": T.wire,
    "aria-live": "off",
  });
  const settle = rove(list, "button");
  const empty = h("p", { class: "foot-empty" });
  const newest = h("button", {
    type: "button",
    class: "newest",
    "data-role": "newest",
    text: T.newest,
    hidden: true,
  });
  const showing = h("span", { "data-role": "wire-showing" });
  const reset = h("button", {
    type: "button",
    class: "link-button",
    "data-role": "wire-reset",
    text: T.reset,
  });
  root.append(
    h("header", { class: "foot-head" }, h("h2", { text: T.wire }), only, who, ...methods.nodes),
    h("div", { class: "wire-frame" }, list, empty, newest),
    h("p", { class: "wire-foot" }, showing, reset),
  );

  let filtered = true; // wanted, as long as a task is pinned
  let asked = ""; // whose lines
  let follow = true;
  /** @type {number|null} */
  let pinBefore = null;
  only.addEventListener("click", () => {
    filtered = !filtered;
    again();
  });
  who.addEventListener("change", () => {
    asked = who.value;
    again();
  });
  reset.addEventListener("click", () => {
    filtered = false;
    asked = "";
    methods.clear();
    again();
  });
  newest.addEventListener("click", () => {
    follow = true;
    list.focus();
    again();
  });
  list.addEventListener(
    "scroll",
    () => {
      const near = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
      if (near === follow) return;
      follow = near;
      again();
    },
    { passive: true },
  );
  let linesDrawn = -1;
  const toEnd = () => {
    list.scrollTop = list.scrollHeight;
  };
  new ResizeObserver(() => {
    if (follow) toEnd();
  }).observe(list);
  /** @type {unknown} */
  let linesBefore = null;
  let filterBefore = "";

  return {
    /** @param {import("../types.js").Scene} scene */
    update({ world, pin }) {
      if (pin !== pinBefore) filtered = pin !== null;
      pinBefore = pin;
      const task = pin !== null && filtered ? idOf(world, pin) : null;
      const filter = { task, who: asked, kinds: methods.chosen };
      const key = [task ?? "", pin, filtered, asked, follow, ...methods.chosen].join("\n");
      if (linesBefore === world.wire && filterBefore === key) return;
      linesBefore = world.wire;
      filterBefore = key;

      text(only, pin === null ? "" : T.only(pin));
      show(only, pin !== null);
      attr(only, "aria-pressed", task !== null ? "true" : "false");
      people(who, speakers(world.wire), asked);
      const { shown, fit, of, left } = pick(world.wire, filter);
      const narrow = narrows(filter);
      text(empty, world.wire.length === 0 ? T.wireEmpty : T.wireNone);
      show(empty, shown.length === 0);
      show(newest, !follow);
      show(reset, narrow);
      text(showing, counts(narrow ? fit : null, of, world.wire.length >= WIRE_KEPT, left));
      attr(showing, "data-on", narrow);
      reconcile(
        list,
        (follow ? shown.slice(-DRAWN) : shown).map(line => ({
          line,
          n: line.task === null ? null : (world.tasks.get(line.task)?.n ?? null),
        })),
        each => each.line.key,
        makeLine,
      );
      settle();
      // Asking for heights costs a layout of the page: as long as there are as many lines as before, the end is where it was.
      if (follow && list.childElementCount !== linesDrawn) toEnd();
      linesDrawn = follow ? list.childElementCount : -1;
    },
  };
}

/** The id of a task by its number; one that no frame knows any more has no lines. @param {import("../types.js").World} world @param {number} n */
const idOf = (world, n) => [...world.tasks.values()].find(task => task.n === n)?.id ?? "";

/** What is shown, of how many, and what is not kept. @param {number|null} fit @param {number} of @param {boolean} full @param {number} left */
function counts(fit, of, full, left) {
  const what = fit !== null ? T.showing(fit, of) : full ? T.lastKept(of) : T.kept(of);
  return [what, left > 0 && T.tooFast(left)].filter(Boolean).join(" · ");
}

/** @param {HTMLSelectElement} select @param {string[]} names @param {string} chosen */
function people(select, names, chosen) {
  const all = ["", ...names, ...(chosen !== "" && !names.includes(chosen) ? [chosen] : [])];
  if ([...select.options].map(each => each.value).join("\n") !== all.join("\n"))
    select.replaceChildren(
      ...all.map(name =>
        h("option", { value: name, text: name === "" ? T.everybody : name === "broker" ? T.byBroker : name }),
      ),
    );
  if (select.value !== chosen) select.value = chosen;
  attr(select, "data-on", chosen !== "");
}

/** @returns {import("./dom.js").Part<{line: WireLine, n: number|null}>} */
function makeLine() {
  const from = h("bdi", { class: "from" });
  const arrow = h("span", { class: "arrow" });
  const to = h("bdi", { class: "to" });
  const method = h("b", {});
  const detail = h("span", { class: "detail" });
  const task = h("button", { type: "button", class: "of" });
  const node = h("div", { class: "wire-line" }, from, arrow, to, method, detail, task);
  node.addEventListener("click", () => {
    if (node.dataset.of) act(node, "pin", { n: Number(node.dataset.of) });
  });
  let at = "";
  return {
    node,
    update({ line, n }) {
      if (at !== line.key) {
        at = line.key;
        write(line);
      }
      attr(node, "data-of", n);
      show(task, n !== null);
      if (n !== null) text(task, `#${n}`);
    },
  };

  /** @param {WireLine} line */
  function write(line) {
    const speaker = speakerOf(line);
    text(from, line.who === "" ? "" : `${signs[speaker] ?? ""} ${line.who}`);
    text(arrow, line.tone === "bad" ? "✕" : line.to === "" ? "" : "→");
    text(to, line.to === "broker" ? (signs.broker ?? "") : line.to);
    attr(to, "title", line.to === "broker" ? line.to : null);
    text(method, line.method);
    text(detail, line.detail);
    attr(node, "data-tone", line.tone || null);
    attr(node, "data-speaker", line.who === "" ? null : speaker);
    attr(node, "data-by", clientOf(line) || null);
    attr(node, "title", `${thousandths(line.at)} s  ${line.who} → ${line.to}  ${line.method} ${line.detail}`);
  }
}
