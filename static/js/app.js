// @ts-check
/**
 * The page, put together: frames come in, worlds are made, scenes are drawn, verbs go out. Knows a frame source, not a socket.
 *
 *   frame ─► merge ─► world ─► time: a world at a moment ─┐
 *                                                choice ──┴─► scene ─► views      views ─► verbs (custom events) ─► source.command
 *
 * requestAnimationFrame runs only while something moves or seconds count.
 */
import { meant } from "./core/faults.js";
import { merge } from "./core/merge.js";
import { scene as makeScene } from "./core/scene.js";
import { ways as W } from "./text/ways.js";
import { text as T } from "./text.js";
import { mountTime } from "./time.js";
import { mountAddress } from "./view/address.js";
import { mountBanner } from "./view/banner.js";
import { openDialog } from "./view/dialog.js";
import { h } from "./view/dom.js";
import { mountFlights } from "./view/flights.js";
import { mountFoot, TABS } from "./view/foot.js";
import { mountHeader } from "./view/header.js";
import { openHelp } from "./view/help.js";
import { mountHighlight } from "./view/highlight.js";
import { mountKeys } from "./view/keys.js";
import { mountLanes } from "./view/lanes.js";
import { createLayout } from "./view/layout.js";
import { mountLedger } from "./view/ledger.js";
import { openList } from "./view/lists.js";
import { mountLive } from "./view/live.js";
import { mountLook } from "./view/look.js";
import { closeMenu, openMenu } from "./view/menu.js";
import { mountProducer } from "./view/producer.js";
import { mountPrompt } from "./view/prompt.js";
import { mountQueue } from "./view/queue.js";
import { refuse } from "./view/refusal.js";
import { openShare } from "./view/share.js";
import { mountTaps } from "./view/taps.js";
import { mountToasts } from "./view/toasts.js";
import { mountWire } from "./view/wire.js";

/** Seconds between two writings of running seconds. */
const TICK = 0.1;
const SEEN = 1000; // ms

/** @param {string} id */
function part(id) {
  const node = document.getElementById(id);
  if (node === null) throw new Error(`the page has no #${id}`);
  return node;
}

/** @param {import("./types.js").FrameSource} source */
export function createApp(source) {
  const root = part("page");
  const stage = part("stage");
  const stale = () => {
    layout.stale();
    dirty = true;
    schedule();
  };
  const header = mountHeader(part("header"));
  const ledger = mountLedger(part("ledger"));
  const producer = mountProducer(part("producer"), () => world);
  const queue = mountQueue(
    part("queue"),
    () => stale(),
    () => world,
  );
  const lanes = mountLanes(
    part("workers"),
    () => stale(),
    () => world,
  );
  const layout = createLayout(stage, { producer: producer.anchor, queue, lanes, workers: part("workers") });
  const flights = mountFlights(part("air"), layout);
  const foot = mountFoot(part("past"), () => source.program());
  const banner = mountBanner(part("past"));
  const wire = mountWire(part("wire"));
  const taps = mountTaps(part("air"), layout);
  const toasts = mountToasts(part("toasts"));
  const prompt = mountPrompt(part("toasts"));
  const live = mountLive(part("live"));
  const highlight = mountHighlight(root);
  const time = mountTime(part("time"), source, () => {
    showLink();
    dirty = true;
    schedule();
  });
  const look = mountLook(() => {
    stale();
    address.follow(chosen);
  });
  const address = mountAddress({ look, note: toasts.note, command, kept: producer.kept });
  const stillness = matchMedia("(prefers-reduced-motion: reduce)");

  /** The newest world, and the one on the picture. @type {import("./types.js").World|null} */
  let world = null;
  /** @type {import("./types.js").World|null} */
  let drawn = null;
  let up = false;
  /** @type {{pin: number|null, queue: string|null, tab: string|null, lane: string|null}} */
  const chosen = {
    pin: address.first.pin ?? null,
    queue: address.first.queue ?? null,
    tab: address.first.tab ?? null,
    lane: null,
  };
  let dirty = true;
  /** The scene that is drawn on the stage and not below it yet. @type {import("./types.js").Scene|null} */
  let below = null;
  let asked = false;
  let handle = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let later;
  let next = Number.POSITIVE_INFINITY;
  let counting = false;
  let ticked = 0;

  function schedule() {
    if (handle === 0) handle = requestAnimationFrame(draw);
  }

  function draw() {
    handle = 0;
    const now = time.show();
    if (now === null) return;
    const { t, mode } = now;
    if (dirty || now.world !== drawn || t >= next || t < ticked) {
      const late = below !== null;
      const scene = update(now);
      if (late) updateBelow(scene);
      else below = scene;
    } else if (below !== null) updateBelow(below);
    else if (counting && t - ticked >= TICK) tick(t);
    if (counting) foot.draw(t);
    const flying = flights.draw(t);
    clearTimeout(later);
    if (below !== null) return schedule();
    if (mode === "paused") return;
    if (flying || counting || mode === "playing") schedule();
    else if (next < Number.POSITIVE_INFINITY) later = setTimeout(schedule, Math.max(16, (next - t) * 1000));
  }

  /** @param {{world: import("./types.js").World, t: number, still: boolean}} now */
  function update({ world: shown, t, still }) {
    dirty = false;
    drawn = shown;
    ticked = t;
    const room = queue.room(shown, chosen.queue);
    const scene = makeScene(shown, t, { ...chosen, still: still || stillness.matches, room });
    next = scene.next;
    counting = scene.counting && (up || !time.isLive);
    header.update(scene);
    ledger.update(scene);
    producer.update(scene);
    queue.update(scene);
    lanes.update(scene);
    next = Math.min(next, banner.update(scene));
    layout.settle();
    flights.update(scene);
    taps.update(scene);
    highlight.update(scene);
    return scene;
  }

  /** What lies below the stage is drawn in the frame after it, at the latest with the next scene: two short frames go more smoothly than a long one. @param {import("./types.js").Scene} scene */
  function updateBelow(scene) {
    below = null;
    next = Math.min(next, foot.update(scene));
    wire.update(scene);
    highlight.update(scene);
  }

  /** @param {number} t */
  function tick(t) {
    ticked = t;
    queue.tick(t);
    lanes.tick(t);
  }

  function showLink() {
    /** @type {import("./types.js").LinkState} */
    const state =
      world === null ? "connecting" : !up ? "reconnecting" : world.link.engine ? "live" : "engine-gone";
    document.body.dataset.link = state;
    header.link(state === "live" && !time.isLive ? "past" : state);
  }

  source.start({
    frame(frame) {
      const merged = merge(world, frame);
      if (merged.gap) {
        if (!asked) source.sync();
        asked = true;
        return;
      }
      if (merged.world === null || merged.world === world) return;
      if (world !== null && (merged.world.run !== world.run || merged.world.n < world.n)) forget();
      asked = false;
      world = merged.world;
      time.frame(frame, world);
      live.update(world, !time.isLive);
      address.update(world);
      showLink();
      dirty ||= time.isLive;
      schedule();
    },
    link(isUp) {
      up = isUp;
      asked = false;
      showLink();
      dirty = true;
      schedule();
    },
  });
  showLink();
  setInterval(() => {
    if (world !== null && up) source.seen(world.n);
  }, SEEN);

  /** Another run: what was chosen of the old one goes. */
  function forget() {
    chosen.pin = null;
    chosen.queue = null;
    address.follow(chosen);
    closeMenu();
  }

  // -- verbs ------------------------------------------------------------------------------------------------------

  /** @type {Record<string, (detail: Record<string, any>) => void>} */
  const verbs = {
    ...time.verbs,
    command: detail => void command(detail),
    set: ({ near, ...changes }) => void command({ do: "settings", ...changes }, near),
    pin(detail) {
      chosen.pin = detail.n === chosen.pin ? null : detail.n;
      address.follow(chosen);
      dirty = true;
      schedule();
    },
    queue(detail) {
      chosen.queue = String(detail.name);
      address.follow(chosen);
      stale();
    },
    tab(detail) {
      if (!TABS.includes(detail.name)) return;
      chosen.tab = detail.name === TABS[0] ? null : detail.name; // the first needs no word in the address
      address.follow(chosen);
      dirty = true;
      schedule();
    },
    lane(detail) {
      chosen.lane = String(detail.name);
      dirty = true;
      schedule();
    },
    list(detail) {
      if (drawn !== null) openList(drawn, String(detail.what), root);
    },
    changed() {
      dirty = true;
      schedule();
    },
    help: () => openHelp(),
    theme: () => look.toggleTheme(),
    big: () => look.toggleType(),
    full: () => look.toggleFull(),
    nothing() {},
    share() {
      if (world !== null) openShare(world, address.view(), producer.field.value, producer.kept.persistent);
    },
    more: () => openMenu(header.more, { label: T.more2, items: moreItems() }),
    "ask-restart": () =>
      void openDialog({
        name: "restart",
        title: T.restartTitle,
        close: T.cancel,
        body: [h("p", { text: T.restartText })],
        actions: [
          {
            label: T.restartYes,
            role: "restart-yes",
            danger: true,
            choose: () => void command({ do: "restart_broker" }),
          },
        ],
      }),
    field() {
      producer.field.focus();
      producer.field.select();
    },
    release() {
      if (banner.dismiss()) return;
      if (chosen.pin !== null) verbs.pin?.({ n: chosen.pin });
      else if (look.now().full) look.toggleFull();
    },
    "which-worker": ({ action }) => prompt.ask(action),
    "worker-key"({ n, action }) {
      const worker = [...(world?.workers.values() ?? [])].sort((a, b) => a.order - b.order)[n - 1];
      if (worker === undefined) return;
      if (action === "menu") return lanes.openMenu(worker.name);
      const what = meant(worker, action);
      if (what !== null) void command({ do: "worker", name: worker.name, ...what });
    },
    "toggle-ack"() {
      if (world !== null)
        void command({ do: "settings", ack: world.settings.ack === "auto" ? "manual" : "auto" });
    },
    "ask-reset": () => {
      const published = world?.ledger.published ?? 0;
      if (published === 0) return void command({ do: "reset" });
      openDialog({
        name: "reset",
        title: T.resetTitle,
        close: T.cancel,
        body: [h("p", { text: T.resetText(published) })],
        actions: [
          { label: T.resetYes, role: "reset-yes", danger: true, choose: () => void command({ do: "reset" }) },
        ],
      });
    },
  };
  for (const [verb, act] of Object.entries(verbs)) {
    root.addEventListener(verb, event => {
      if (event instanceof CustomEvent) act(event.detail);
    });
  }

  /** What the ⋯ of the head offers: the same as the keys. @returns {import("./view/menu.js").Item[]} */
  function moreItems() {
    const { full, type } = look.now();
    return [
      { label: T.full, role: "full", key: "f", checked: full, choose: () => verbs.full?.({}) },
      { label: T.big, role: "big", key: "z", checked: type === "big", choose: () => verbs.big?.({}) },
      { label: T.theme, role: "menu-theme", key: "t", choose: () => verbs.theme?.({}) },
      { label: T.share, role: "share", key: "c", choose: () => verbs.share?.({}) },
      { label: T.help, role: "menu-help", key: "?", choose: () => verbs.help?.({}) },
      { label: T.reset, role: "menu-reset", key: "r", choose: () => verbs["ask-reset"]?.({}) },
    ];
  }

  /**
   * Whether it was done.
   * @param {Record<string, unknown>} detail
   * @param {HTMLElement|null} [near]  the knob that asks: a refusal is said there
   * @returns {Promise<boolean>}
   */
  async function command(detail, near = null) {
    toasts.read(); // whoever acts has seen what the last act meant
    if (detail.do === "worker") chosen.lane = String(detail.name); // its code is the one to look at now
    const answer = await source.command(detail);
    if (detail.do === "settings" && !time.isLive) header.restore(); // what is on the picture was so then
    if (answer.ok) {
      time.acted();
      if (detail.do === "settings" && isBusy()) toasts.brief(switchedTo(detail), T.switchedNote);
      return true;
    }
    const said = answer.detail || answer.title;
    if (detail.do === "submit") producer.problem(said);
    else if (near !== null) refuse(near, W.notChanged, said);
    else toasts.say(answer.title || said, answer.title && said !== answer.title ? said : "");
    if (detail.do === "settings") header.restore();
    return false;
  }

  /** Whether somebody has a task in hand, who finishes it before a setting holds for them. */
  const isBusy = () => world !== null && world.ledger.unacked + world.ledger.at_risk > 0;

  mountKeys(root, Object.keys(verbs));

  addEventListener("resize", stale);
  stillness.addEventListener("change", stale);
  document.fonts?.ready.then(stale);
}

/** What a change of settings is called. @param {Record<string, unknown>} change */
function switchedTo({ ack, idempotent }) {
  if (typeof ack === "string") return T.switched(ack);
  return typeof idempotent === "boolean" ? (idempotent ? W.idempotentOn : W.idempotentOff) : "";
}
