// @ts-check
/**
 * The time bar: pause, step, the scrubber with a tick where somebody fell, how far behind, speed, and the way back to live.
 * It says verbs; what moment it is, it is told.
 */
import { moment } from "../core/moment.js";
import { RATES } from "../core/transport.js";
import { timeText as T } from "../text/time.js";
import { act, attr, h, reconcile, show, style, svg, text } from "./dom.js";

/** Ticks drawn at most. */
const TICKS = 120;
const NOTE = 7000; // ms that a note stays

/** What the keys do on the scrubber: the same as everywhere, in events and not in pixels. @type {Record<string, [string, Record<string, unknown>]>} */
const SCRUB_KEYS = {
  ArrowLeft: ["time-step", { way: -1 }],
  ArrowDown: ["time-step", { way: -1 }],
  ArrowRight: ["time-step", { way: 1 }],
  ArrowUp: ["time-step", { way: 1 }],
  "Shift+ArrowLeft": ["time-jump", { seconds: -5 }],
  "Shift+ArrowRight": ["time-jump", { seconds: 5 }],
  PageDown: ["time-jump", { seconds: -30 }],
  PageUp: ["time-jump", { seconds: 30 }],
  Home: ["time-begin", {}],
  End: ["time-live", {}],
};

/** Shapes on a field of 16 by 16: fonts differ too much in these. @type {Record<string, string>} */
const FACES = {
  pause: "M4 3h3v10h-3zM9 3h3v10h-3z",
  play: "M4 2.5v11l9 -5.5z",
  back: "M3 3h2v10h-2zM13 2.5v11l-7.5 -5.5z",
  on: "M11 3h2v10h-2zM3 2.5v11l7.5 -5.5z",
};

/** @param {HTMLElement} root */
export function mountTimeline(root) {
  const button = (
    /** @type {string} */ role,
    /** @type {string} */ label,
    /** @type {string} */ face,
    /** @type {string} */ verb,
    /** @type {Record<string, unknown>} */ detail = {},
  ) => {
    const node = h(
      "button",
      { type: "button", class: "icon small", "data-role": role, "aria-label": label, title: label },
      /** @type {any} */ (
        svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: FACES[face] ?? "" }))
      ),
    );
    node.addEventListener("click", () => act(node, verb, detail));
    return node;
  };
  const pause = button("time-pause", T.pause, "pause", "time-pause");
  const back = button("time-back", T.back, "back", "time-step", { way: -1 });
  const on = button("time-on", T.on, "on", "time-step", { way: 1 });
  const face = /** @type {Element} */ (pause.querySelector("path"));
  const state = h("b", { class: "time-state", "data-role": "time-state" });
  const toLive = h("button", {
    type: "button",
    class: "button small to-live",
    "data-role": "time-live",
    text: T.toLive,
  });
  toLive.addEventListener("click", () => act(toLive, "time-live"));

  const thin = svg("rect", { class: "thin", y: 0, height: 1 });
  const ticks = svg("g", { class: "ticks" });
  const map = svg(
    "svg",
    { class: "time-map", preserveAspectRatio: "none", "aria-hidden": "true" },
    thin,
    ticks,
  );
  const scrub = h("input", {
    type: "range",
    class: "scrub",
    "data-role": "scrub",
    min: 0,
    max: 1,
    step: "any",
    "aria-label": T.scrub,
  });
  const track = h("div", { class: "time-track" }, /** @type {any} */ (map), scrub);
  const digits = h("span", { class: "time-digits", "data-role": "time-digits" });
  const rate = h("select", { "data-role": "rate", "aria-label": T.rate, title: T.rate });
  for (const each of RATES) rate.append(h("option", { value: each, text: T.rates(each) }));
  const note = h("p", { class: "time-note", role: "status", hidden: true });
  const spoken = h("p", { class: "sr", role: "status", "data-role": "time-said" });
  root.append(pause, back, on, state, toLive, track, digits, rate, note, spoken);

  rate.addEventListener("change", () => act(rate, "time-rate", { rate: Number(rate.value) }));
  let dragging = false;
  scrub.addEventListener("pointerdown", () => (dragging = true));
  for (const end of ["pointerup", "pointercancel", "blur"])
    scrub.addEventListener(end, () => (dragging = false));
  scrub.addEventListener("input", () => act(scrub, "time-seek", { t: Number(scrub.value) }));
  scrub.addEventListener("keydown", event => {
    const name = `${event.shiftKey && event.key.startsWith("Arrow") ? "Shift+" : ""}${event.key}`;
    const [verb, detail] = SCRUB_KEYS[name] ?? [];
    if (verb === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    act(scrub, verb, detail);
  });
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let quiet;
  /** @type {import("../types.js").Mark[]|null} */
  let marked = null;

  return {
    /** @param {import("../types.js").Moment|null} now */
    update(now) {
      attr(root, "data-empty", now === null);
      if (now === null) return;
      const live = now.mode === "live";
      const behind = live ? 0 : Math.max(0, now.live - now.t);
      attr(document.body, "data-time", live ? "live" : "past");
      attr(root, "data-mode", now.mode);
      const stands = now.mode === "paused";
      attr(face, "d", FACES[stands ? "play" : "pause"] ?? "");
      attr(pause, "aria-label", stands ? T.play : T.pause);
      attr(pause, "title", stands ? T.play : T.pause);
      const word = now.waiting ? T.waiting : stands ? T.paused : T.playing;
      text(state, live ? T.live : `${word} · ${T.behind(behind)}`);
      style(toLive, "visibility", live ? "hidden" : "");
      text(digits, moment(now.t - now.began, !live));
      if (rate !== document.activeElement || !live) rate.value = String(now.rate);

      const span = Math.max(1, now.live - now.from);
      if (!dragging) {
        attr(scrub, "min", now.from.toFixed(3));
        attr(scrub, "max", (now.from + span).toFixed(3));
        scrub.value = String(live ? now.from + span : now.t);
      }
      attr(scrub, "aria-valuetext", T.value(now.t - now.began, behind));
      const share = live ? 1 : Math.max(0, Math.min(1, (now.t - now.from) / span));
      style(track, "--share", share.toFixed(4));
      attr(map, "viewBox", `${now.from.toFixed(2)} 0 ${span.toFixed(2)} 1`);
      attr(thin, "x", now.from.toFixed(2));
      attr(thin, "width", Math.max(0, now.whole - now.from).toFixed(2));
      attr(track, "title", now.t < now.whole && !live ? T.thin : null);
      if (marked !== now.marks) {
        marked = now.marks;
        reconcile(ticks, marked.slice(-TICKS), each => `${each.at}/${each.who}/${each.what}`, makeTick);
      }
    },

    /** Something to read for a while. @param {string} words */
    say(words) {
      text(note, words);
      show(note, words !== "");
      clearTimeout(quiet);
      quiet = setTimeout(() => show(note, false), NOTE);
    },

    /** What was said so is not true any more. @param {string} words */
    unsay(words) {
      if (note.textContent === words) show(note, false);
    },

    /** The event that a step has led to, for those who listen. @param {string} words */
    tell(words) {
      text(spoken, words);
    },
  };
}

/** @returns {import("./dom.js").Part<import("../types.js").Mark>} */
function makeTick() {
  const node = svg("line", { y1: 0, y2: 1, "vector-effect": "non-scaling-stroke" });
  return {
    node,
    update(mark) {
      attr(node, "x1", mark.at.toFixed(3));
      attr(node, "x2", mark.at.toFixed(3));
      attr(node, "data-what", mark.what);
    },
  };
}
