// Keyframes of scenes that puzzle without a word beside them; see scripted.py.
import { task } from "./frames.js";
import { busy, killed } from "./scenes.js";

const SINCE = 98;

/** The frame with something else about one of its workers. */
function but(frame, name, more) {
  frame.workers[name] = { ...frame.workers[name], since: SINCE, ...more };
  return frame;
}

/** Nobody has anything, and every worker is as `more` says. */
function all(frame, more) {
  for (const name of Object.keys(frame.workers)) but(frame, name, more);
  frame.queues.task_queue.consumers = 0;
  return frame;
}

const SCENES = {
  quiet: () => busy({ lanes: 3, each: 0 }),
  no_workers: () => busy({ lanes: 0, ready: 4 }),
  all_stopped: () =>
    all(busy({ lanes: 3, each: 0, ready: 4 }), { state: "stopped", why: "kill -9", pid: null }),
  unheard: () => {
    const frame = busy({ lanes: 3, each: 0 });
    const waiting = task(1, "ready", [], { queue: "mail", published_at: 40 });
    frame.tasks[waiting.id] = waiting;
    frame.queues.mail = {
      ...frame.queues.task_queue,
      name: "mail",
      consumers: 0,
      ready: 1,
      next: waiting.id,
      window: [waiting.id],
    };
    frame.ledger = { published: 1, ready: 1 };
    return frame;
  },
  frozen: () =>
    but(busy({ lanes: 3, from: 19 }), "worker-2", {
      state: "frozen",
      why: "SIGSTOP",
      heartbeat: 60,
      silence: { since: SINCE, earliest: SINCE + 90, latest: SINCE + 180 },
    }),
  starved: () => {
    const frame = busy({ lanes: 3, each: 9, prefetch: 0 });
    for (const name of ["worker-2", "worker-3"]) {
      for (const id of frame.workers[name].holding) delete frame.tasks[id];
      but(frame, name, { state: "idle", holding: [], held: 0 });
    }
    frame.queues.task_queue.unacked = 9;
    frame.ledger = { published: 9, unacked: 9 };
    return frame;
  },
  auto: () => busy({ lanes: 3, each: 3, ack: "auto" }),
  void: () => {
    const frame = busy({ lanes: 3, each: 3, ack: "auto" });
    const gone = task(30, "lost", [], { published_at: 40, settled_at: 60 });
    frame.tasks[gone.id] = gone;
    frame.lost = [gone.id];
    frame.ledger = { published: 10, at_risk: 9, lost: 1 };
    return frame;
  },
  full: () => busy({ lanes: 3, ready: 5 }),
  fallen: () => {
    // It held 100; a frame names the first 40 of them.
    const frame = killed({ lanes: 3, dead: 1, each: 40, prefetch: 100, free: false });
    frame.workers["worker-1"].fallen = 100;
    return frame;
  },
};

/** The keyframe of one of SCENES. */
export const hinted = name => SCENES[name]();
