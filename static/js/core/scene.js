// @ts-check
/**
 * What one picture shows: a world, a time and what the person chose, made into chips at places. Pure: the same three give the
 * same scene, whether live, paused or replayed.
 *
 * @typedef {import("../types.js").World} World
 * @typedef {import("../types.js").Task} Task
 * @typedef {import("../types.js").Worker} Worker
 * @typedef {import("../types.js").Chip} Chip
 * @typedef {import("../types.js").Choice} Choice
 * @typedef {{leg: import("../types.js").Leg, task: Task}} Move
 */
import { marks, patience, ticking } from "./faults.js";
import { count } from "./format.js";
import { handOver, latest } from "./handover.js";
import { hintFor } from "./hints.js";
import {
  ackComing,
  ackLeft,
  acksUnseen,
  attemptCount,
  attemptNumber,
  coming,
  legs,
  trail,
} from "./motion.js";
import { blamed, news, outage, stale } from "./outage.js";
import { rack } from "./rack.js";
import { bundles } from "./trails.js";

/** Chips drawn in the air at once; beyond this a flight tells nobody anything. */
export const AIR = 28;

/** @type {Record<string, string>} */
const LOOKS = { ready: "ready", unacked: "held", at_risk: "risk", done: "done", lost: "lost", dead: "dead" };

/** How a task looks by its state; one that may have been seen before has its own look while it is alive. @param {Task} task */
export function look(task) {
  const before = task.state === "ready" ? 0 : 1;
  if (
    (task.state === "ready" || task.state === "unacked") &&
    (task.redelivered || attemptCount(task) > before)
  )
    return "again";
  return LOOKS[task.state] ?? "plain";
}

/**
 * @param {World} world
 * @param {number} t
 * @param {Choice} choice
 * @returns {import("../types.js").Scene}
 */
export function scene(world, t, choice) {
  const queues = sortQueues(world);
  const queue = shownQueue(world, choice.queue, queues);
  const here = (/** @type {Task} */ task) => queue === null || task.queue === queue.name || task.queue === "";

  /** @type {Move[]} */
  const moves = [];
  /** @type {import("../types.js").Trail[]} */
  const trails = [];
  /** @type {Task[]} */
  const copies = [];
  /** @type {Map<string, Task>} */
  const passing = new Map();
  const away = outage(world);
  let next = stale(away) > t ? stale(away) : Number.POSITIVE_INFINITY;
  let counting = false;

  for (const task of world.tasks.values()) {
    if (task.state === "unacked" || task.state === "at_risk") counting = true;
    if (task.state === "unacked" && here(task)) copies.push(task);
    const way = legs(task);
    const back = way.some(leg => leg.kind === "fall") && here(task) ? trail(task, t) : null;
    if (back !== null && !blamed(away, back.at)) {
      trails.push(back);
      for (const at of [back.second, back.until]) if (at > t) next = Math.min(next, at);
    }
    const end = way.at(-1)?.end ?? 0;
    if (choice.still || end <= t || !here(task)) continue;
    const leg = way.find(each => t < each.end);
    if (leg === undefined) continue;
    next = Math.min(next, leg.start > t ? leg.start : leg.end);
    if (leg.kind === "fall" && blamed(away, leg.at)) continue; // no worker's connection gave it back
    moves.push({ leg, task });
    const holder = acksUnseen(task, t) ? task.attempts.at(-1)?.worker : undefined;
    if (holder !== undefined && !passing.has(holder)) passing.set(holder, task);
    if (task.state !== "unacked" && ghostStays(task, t)) copies.push(task);
  }

  trails.sort((a, b) => b.start - a.start || a.task.n - b.task.n);
  const workers = [...world.workers.values()].sort((a, b) => a.order - b.order || compare(a.name, b.name));
  const ends = lastEnds(world);
  const still = choice.still;
  const ticks = ticking(world);
  for (const worker of workers) if (worker.restart_at !== null || worker.silence !== null) counting = true;

  const window = (queue?.window ?? []).flatMap(id => world.tasks.get(id) ?? []);
  const ready = choose(window, queue?.ready ?? 0, choice.room.ready, choice.room.cell?.ready);
  const ghosts = chooseGhosts(copies, queue?.unacked ?? copies.length, choice, t);
  const lost = buried(world, world.lost);
  const dead = buried(world, world.dead);
  const lostHere = lost.filter(here);
  const deadHere = dead.filter(here);
  const { hint, next: hinted } = hintFor(world, queue, t);
  next = Math.min(next, hinted, ghosts.until);

  return {
    t,
    world,
    queue,
    queues,
    ready: ready.shown.map(task => chip(task, "ready", attemptCount(task), t, still)),
    readyMore: ready.more,
    ghosts: ghosts.shown.map(task => ghost(task, world, t, still)),
    ghostsMore: ghosts.more,
    lost: lostHere.map(task => chip(task, "lost", attemptCount(task), t, still)),
    lostMore: Math.max(0, world.ledger.lost - lost.length),
    lostElsewhere: lost.length - lostHere.length,
    dead: deadHere.map(task => chip(task, "dead", attemptCount(task), t, still)),
    deadMore: Math.max(0, world.ledger.dead - dead.length),
    deadElsewhere: dead.length - deadHere.length,
    lanes: workers.map((worker, i) => ({
      ...lane(world, worker, i + 1, ends, passing.get(worker.name), t, still),
      excused: DOWN.has(worker.state) && worker.why !== "kill -9" && blamed(away, worker.since),
    })),
    flights: fewer(moves).map(({ leg, task }) => ({
      ...leg,
      task,
      key: `${task.id}/${leg.kind}/${leg.attempt}`,
    })),
    outage: news(away, t),
    marks: workers.flatMap(worker => marks(worker, world)),
    ticking: ticks,
    bundles: bundles(trails),
    trails,
    back: trails.filter(each => each.from === trails[0]?.from),
    pin: choice.pin,
    tab: choice.tab,
    lane: choice.lane,
    hint,
    next,
    counting,
  };
}

/** @param {string} a @param {string} b */
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** The configured queue first, then those somebody uses, by name: an order that does not change with every message. @param {World} world */
function sortQueues(world) {
  const rank = (/** @type {import("../types.js").Queue} */ queue) =>
    queue.name === world.settings.queue ? 0 : queue.ready + queue.unacked + queue.consumers > 0 ? 1 : 2;
  return [...world.queues.values()].sort((a, b) => rank(a) - rank(b) || compare(a.name, b.name));
}

/**
 * The queue that is shown: the chosen one while it is there, else the first.
 * @param {World} world
 * @param {string|null} name  of the chosen one
 */
export function shownQueue(world, name, queues = sortQueues(world)) {
  return queues.find(each => each.name === name) ?? queues[0] ?? null;
}

/** Rem that a character of "+ 9,976 more" takes, and the label beside them. */
const LETTER = 0.58;
const LABEL = 0.9;

/**
 * The first of a row that is too long, and honestly how many are not drawn. As many places are kept for "+ 9,976 more" as it is wide.
 * @template T
 * @param {T[]} known  what the frame carries of it
 * @param {number} total  how many there are in truth
 * @param {number} room  how many places there are
 * @param {number} [cell]  how wide a place is, in rem
 * @returns {{shown: T[], more: number}}
 */
export function choose(known, total, room, cell = 4.2) {
  const all = Math.max(total, known.length);
  if (all <= room && known.length === all) return { shown: known, more: 0 };
  const letters = `+ ${count(Math.max(1, all - room + 1))} more`.length;
  const spare = Math.max(1, Math.ceil((letters * LETTER + LABEL) / cell));
  const shown = known.slice(0, Math.max(0, Math.min(known.length, room - spare)));
  return { shown, more: all - shown.length };
}

/**
 * The copies on the Unacked shelf by number; where there is no room for all, those that came back and the pinned one first. None that leaves is
 * counted, and each that stays is: but for a newcomer that waits for its cell, until a time.
 * @param {Task[]} copies
 * @param {number} unacked
 * @param {Choice} choice
 * @param {number} t
 */
function chooseGhosts(copies, unacked, choice, t) {
  const { room, pin } = choice;
  const staying = copies.filter(task => task.state === "unacked");
  const gone = copies.filter(task => task.state !== "unacked");
  const all = Math.max(unacked, staying.length);
  const { leaving, waiting } = handOver(staying, gone, room.ghosts - all, choice, t);
  const until = waiting.reduce((first, task) => Math.min(first, latest(task)), Number.POSITIVE_INFINITY);
  const drawn = [...staying.filter(task => !waiting.includes(task)), ...leaving].sort((a, b) => a.n - b.n);
  if (all <= room.ghosts) return { shown: drawn, more: all - staying.length, until };
  const first = (/** @type {Task} */ task) =>
    task.n === pin ? 0 : look(task) === "again" && trail(task, t) !== null ? 1 : 2;
  /** @type {Task[][]} */
  const ranks = [[], [], []];
  for (const task of drawn) ranks[first(task)]?.push(task);
  const { shown } = choose(ranks.flat(), all + leaving.length, room.ghosts, room.cell?.ghosts);
  const held = shown.filter(task => task.state === "unacked").length;
  return { shown: shown.sort((a, b) => a.n - b.n), more: all - held, until };
}

/** Those that met their end last come first; those that met it together, by number. @param {World} world @param {string[]} ids */
function buried(world, ids) {
  return ids
    .flatMap(id => world.tasks.get(id) ?? [])
    .sort((a, b) => (b.settled_at ?? 0) - (a.settled_at ?? 0) || a.n - b.n);
}

/** A settled or requeued task whose copy is still on the shelf for the eye. @param {Task} task @param {number} t */
function ghostStays(task, t) {
  if (task.state === "done") return ackComing(task, t) !== null;
  if (task.state !== "ready") return false;
  const last = legs(task).at(-1);
  return last !== undefined && last.kind === "requeue" && t < last.start;
}

/** @param {Task} task @param {string} place @param {number} attempt @param {number} t @param {boolean} still @returns {Chip} */
function chip(task, place, attempt, t, still) {
  return {
    key: `${task.id}@${place}`,
    task,
    place,
    attempt,
    look: look(task),
    coming: !still && coming(task, t) !== null,
    worker: task.worker,
    since: task.attempts.at(-1)?.delivered_at ?? null,
    patience: null,
  };
}

/**
 * The broker's copy. It is quietly `held`; lights up (`again`) when the closed connection has been seen, and is the old holder's until the
 * next has it; and is `done` (the place too) while the ack that takes it away is in the air.
 * @param {Task} task
 * @param {World} world
 * @param {number} t
 * @param {boolean} still
 * @returns {Chip}
 */
function ghost(task, world, t, still) {
  const way = legs(task);
  const fall = way.findLast(leg => leg.kind === "fall");
  const onWay = way.findLast(leg => leg.kind === "redeliver" || leg.kind === "requeue");
  const falling = !still && fall !== undefined && t < fall.end;
  const onIts = !still && fall !== undefined && onWay !== undefined && t < onWay.end;
  const lit = onIts && t >= fall.start;
  const holder = onIts ? task.attempts[fall.attempt - task.skipped - 1] : task.attempts.at(-1);
  const first = way.find(leg => leg.kind === "deliver");
  return {
    key: `${task.id}@ghost`,
    task,
    place: task.state === "ready" ? "leaving" : task.state === "done" && ackLeft(task, t) ? "done" : "ghost",
    attempt: attemptCount(task),
    look: falling ? "held" : look(task) === "done" ? (task.redelivered ? "again" : "held") : look(task),
    coming: !still && first !== undefined && t < first.start,
    worker: holder?.worker ?? null,
    since: lit ? null : (holder?.delivered_at ?? null),
    patience: onIts ? null : patience(task, world.workers.get(task.worker ?? ""), t),
  };
}

/**
 * When each worker's last settled delivery ended: its next task began then, not when it was delivered.
 * @param {World} world
 * @returns {Map<string, number[]>}
 */
function lastEnds(world) {
  /** @type {Map<string, number[]>} */
  const ends = new Map();
  for (const task of world.tasks.values()) {
    for (const attempt of task.attempts) {
      if (attempt.ended_at === null || (attempt.end !== "acked" && attempt.end !== "result")) continue;
      const list = ends.get(attempt.worker);
      if (list === undefined) ends.set(attempt.worker, [attempt.ended_at]);
      else list.push(attempt.ended_at);
    }
  }
  return ends;
}

/** States of a worker that has no connection. */
const DOWN = new Set(["stopped", "starting", "cut"]);
/** States in which a worker does nothing with what it holds. */
const STANDING = new Set(["stopped", "frozen", "cut"]);

/**
 * @param {World} world
 * @param {Worker} worker
 * @param {number} index
 * @param {Map<string, number[]>} ends
 * @param {Task|undefined} passing  acknowledged, and not seen yet in a lane that holds nothing by now
 * @param {number} t
 * @param {boolean} still
 * @returns {import("../types.js").LaneScene}
 */
function lane(world, worker, index, ends, passing, t, still) {
  const coming0 = new Set(worker.on_the_wire); // sent, and not come: not in its hands
  const holds = worker.holding.length > 0;
  const ids = holds ? worker.holding.filter(id => !coming0.has(id)) : worker.dropped;
  const place = holds ? "lane" : "dropped";
  const total = holds ? worker.held - coming0.size : worker.fallen;
  const chips = ids.flatMap(id => {
    const task = world.tasks.get(id);
    return task === undefined ? [] : [laneChip(task, worker, place, t, still)];
  });
  if (passing !== undefined && total === 0 && !DOWN.has(worker.state))
    chips.push(laneChip(passing, worker, "lane", t, still));
  const running = chips[0] ?? null;
  const digits = chips.reduce((most, each) => Math.max(most, String(each.task.n).length), 1);
  const slots = rack(worker, holds ? total : chips.length, chips.length, digits);
  const behind = chips.slice(1, 1 + slots.drawn);
  let began = running?.since ?? null;
  const arrived = running?.task.attempts.findLast(each => each.worker === worker.name)?.arrived_at ?? null;
  if (began !== null && arrived !== null && place === "lane") began = Math.max(began, arrived);
  let stopped = STANDING.has(worker.state) ? worker.since : null;
  if (running !== null && began !== null) {
    const mine = running.task.attempts.findLast(each => each.worker === worker.name);
    if (mine?.ended_at) stopped = Math.min(mine.ended_at, stopped ?? mine.ended_at); // a frozen one stood still before that
    for (const end of ends.get(worker.name) ?? []) if (end > began && end <= (stopped ?? t)) began = end;
  }
  const more = Math.max(0, total - 1 - behind.length);
  const onTheWire = coming0.size;
  return { worker, index, running, began, stopped, behind, more, rack: slots, excused: false, onTheWire };
}

/** @param {Task} task @param {Worker} worker @param {string} place @param {number} t @param {boolean} still @returns {Chip} */
function laneChip(task, worker, place, t, still) {
  const i = task.attempts.findLastIndex(each => each.worker === worker.name);
  const attempt = task.attempts[i];
  const number = i < 0 ? attemptCount(task) : attemptNumber(task, i);
  const dropped = place === "dropped";
  const held = task.state === "unacked" || (task.state === "done" && !ackLeft(task, t));
  return {
    key: `${task.id}@${place}`,
    task,
    place,
    attempt: number,
    look: dropped ? "lost" : held && number > 1 ? "again" : look(task),
    coming: !dropped && !still && coming(task, t) !== null,
    worker: worker.name,
    since: attempt?.delivered_at ?? null,
    patience: null,
  };
}

/** @type {Record<import("../types.js").LegKind, number>} */
const WEIGHT = {
  fall: 0,
  bury: 0,
  redeliver: 1,
  requeue: 1,
  arrive: 1,
  ack: 2,
  finish: 2,
  deliver: 3,
  publish: 4,
};

/** The moves that tell the most, where there are too many. @param {Move[]} moves */
function fewer(moves) {
  if (moves.length <= AIR) return moves;
  return moves
    .sort((a, b) => WEIGHT[a.leg.kind] - WEIGHT[b.leg.kind] || a.leg.start - b.leg.start)
    .slice(0, AIR);
}
