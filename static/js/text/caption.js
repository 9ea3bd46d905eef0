// @ts-check
/** The caption: one line below the copies that says what the stage has just shown, and what ticks while nothing seems to happen. */
import { goneWithBroker } from "../core/counted.js";
import { text as T } from "../text.js";
import { faults as F } from "./faults.js";
import { goneWords } from "./ways.js";

/** So many tasks the caption names; more it counts. */
const NAMED = 2;

/** What ticks while nothing seems to happen. @param {import("../core/faults.js").Ticking} ticking @param {number} t */
function tickingOf({ kind, worker, method, n, from, to }, t) {
  if (kind === "dropped") return method === "basic.deliver" ? F.droppedDelivery(n) : F.dropped(n);
  if (kind === "stuck") return F.stuck(worker.name);
  if (kind === "silent")
    return from === null || to === null
      ? F.silentForEver(worker.name)
      : F.silent(worker.name, F.noticedIn(from - t, to - t));
  if (method === "basic.ack") return F.heldAck(n);
  return method === "basic.deliver" ? F.heldDelivery(worker.name, n) : F.heldFrame(worker.name, method);
}

/** What came back since a thing ticks is news, and is told before it. @param {import("../types.js").Scene} scene */
export const tickingNow = ({ back, ticking }) =>
  ticking !== null && (back[0]?.at ?? ticking.at) <= ticking.at ? ticking : null;

/** One line that says what the stage has just shown; empty where nothing has to be said. @param {import("../types.js").Scene} scene @param {number} t */
export function captionOf(scene, t) {
  if (scene.outage === "down") return T.brokerAway;
  const gone = scene.outage === "back" ? goneWithBroker(scene.world) : [];
  if (scene.outage === "back") return gone.length > 0 ? goneWords(gone) : T.brokerBack;
  const { back } = scene;
  const ticking = tickingNow(scene);
  if (ticking !== null) return tickingOf(ticking, t);
  const from = back[0]?.from;
  const skipped = back.find(each => each.task.attempts.at(-1)?.known);
  if (skipped !== undefined) return F.skipped(skipped.task.attempts.at(-1)?.worker ?? "", skipped.task.n);
  if (from !== undefined) {
    const numbers = back.map(each => `#${each.task.n}`);
    const worker = scene.world.workers.get(from);
    const unnamed = worker === undefined ? 0 : worker.fallen - worker.dropped.length;
    const many = numbers.length + Math.max(0, unnamed);
    return F.cameBack(from, back[0]?.noticed ?? "", numbers.slice(0, NAMED), many);
  }
  return "";
}
