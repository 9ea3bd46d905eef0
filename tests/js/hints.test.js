import assert from "node:assert/strict";
import { test } from "node:test";
import { HINTS, hintFor, SETTLED } from "../../static/js/core/hints.js";
import { merge } from "../../static/js/core/merge.js";
import { hintWords } from "../../static/js/text/hints.js";
import { attempt, byId, keyframe, queue, task, worker } from "./frames.js";

const NOW = 50;

/** The hint for the configured queue, or for another one by name. */
function at(more, { t = NOW, name = "task_queue" } = {}) {
  const { world } = merge(null, keyframe(more));
  return hintFor(world, world.queues.get(name) ?? null, t);
}
const key = (...scene) => at(...scene).hint?.key ?? null;
const says = (...scene) => hintWords(at(...scene).hint);
/** A worker of which the broker has heard nothing since a time, with this heartbeat. */
const silent = (since, heartbeat) => ({
  heartbeat,
  silence: {
    since,
    earliest: heartbeat ? since + heartbeat * 1.5 : null,
    latest: heartbeat ? since + heartbeat * 3 : null,
  },
});
/** So many workers, each holding `held` tasks. */
const busy = (n, held, more = {}) =>
  Object.assign(
    {},
    ...Array.from({ length: n }, (_, i) =>
      worker(`worker-${i + 1}`, { state: "working", held, holding: [`t${i + 1}`], ...more }),
    ),
  );

test("a quiet picture needs no word", () => {
  assert.equal(at({ workers: worker("worker-1"), queues: queue({ consumers: 1 }) }).hint, null);
  assert.equal(hintWords(null), "");
  assert.equal(at({ link: { engine: false } }).hint, null);
});

test("whoever could take a task is gone: what that means, and what to press", () => {
  assert.equal(key({ broker: { up: false } }), "broker_down");
  assert.equal(says({}), "No workers: nothing will be delivered. Press Add a worker.");
  const stopped = worker("worker-1", { state: "stopped" });
  const ledger = { published: 4, ready: 4 };
  assert.equal(
    says({ workers: stopped, ledger }),
    "Every worker is stopped: 4 tasks wait. Press Start again on one.",
  );
  assert.equal(
    says({ workers: stopped }),
    "Every worker is stopped: nothing will be delivered. Press Start again on one.",
  );
  assert.equal(key({ workers: { ...stopped, ...worker("worker-2", { state: "cut" }) } }), "all_cut");
  // A guest that left cannot be started from here.
  assert.equal(key({ workers: worker("guest-7", { kind: "guest", state: "stopped" }) }), "no_workers");
  assert.equal(key({ workers: worker("worker-1", { state: "starting" }) }), "starting");
});

test("frozen workers alone: first the heartbeat, then nobody", () => {
  const workers = worker("worker-1", { state: "frozen", ...silent(NOW, 4) });
  assert.equal(
    says({ workers, queues: queue({ consumers: 1 }) }),
    "Every worker is frozen. Only the heartbeat tells the broker: within 12 s.",
  );
  const later = worker("worker-2", { state: "frozen", ...silent(NOW + 2, 4) });
  assert.match(
    says({ workers: { ...workers, ...later }, queues: queue({ consumers: 1 }) }),
    /within 14 s\.$/,
    "the last of them",
  );
  const deaf = worker("worker-1", { state: "frozen", ...silent(NOW, 0) });
  assert.doesNotMatch(says({ workers: deaf, queues: queue({ consumers: 1 }) }), /\d/);
  assert.equal(key({ workers, queues: queue({ consumers: 0 }) }), "given_up");
});

test("nobody consumes from the queue on the picture, or from another", () => {
  const mail = { mail: { ...queue().task_queue, name: "mail", ready: 3 } };
  const scene = { workers: worker("worker-1"), queues: { ...queue({ consumers: 1 }), ...mail } };
  const there = at(scene, { name: "mail" }).hint;
  assert.deepEqual([there.key, there.quiet, there.tasks], ["unheard", false, 3]);
  assert.equal(
    hintWords(there),
    "Nobody consumes from mail: 3 tasks wait there. Our workers consume from task_queue.",
  );
  const beside = at(scene).hint;
  assert.deepEqual([beside.key, beside.quiet, beside.queue], ["unheard", true, "mail"]);
  const own = { workers: worker("worker-1", { queue: "mail" }), queues: queue({ ready: 1 }) };
  assert.equal(says(own), "Nobody consumes from task_queue: 1 task waits there.");
});

test("that nobody consumes is not said while somebody is on the way", () => {
  const queues = queue({ ready: 2 });
  const other = worker("worker-1", { state: "working", leaving: true });
  assert.equal(key({ queues, workers: { ...other, ...worker("worker-2", { state: "starting" }) } }), null);
  assert.equal(key({ queues, workers: other }), null); // it starts anew with another setting
});

test("a frozen worker with a task: how it will be noticed is what its connection agreed on", () => {
  const frozen = (beat, more = {}) => ({
    tasks: byId([task(19, "unacked", [attempt("worker-2", 40)])]),
    queues: queue({ unacked: 1, consumers: 2 }),
    workers: {
      ...worker("worker-1"),
      ...worker("worker-2", {
        state: "frozen",
        holding: ["t19"],
        held: 1,
        since: 45,
        ...silent(45, beat),
        ...more,
      }),
    },
  });
  assert.equal(
    says(frozen(4)),
    "worker-2 is frozen with task 19. Only the heartbeat tells the broker: within 7 s.",
  );
  assert.match(says(frozen(60, { held: 3 })), /with 3 tasks\. Only the heartbeat .* within 175 s/);
  const told = at(frozen(4)).hint;
  assert.deepEqual(
    [NOW + 1, NOW + 6.5, NOW + 7, NOW + 9].map(t => hintWords(told, t).split(": ")[1]),
    ["within 6 s.", "within 1 s.", "any moment.", "any moment."],
  );
  assert.match(
    says({ ...frozen(4), broker: { up: true, ack_timeout: 9 } }),
    /, or the ack timeout of 9 s\.$/,
  );
  assert.equal(
    says({ ...frozen(0), broker: { up: true, ack_timeout: 60 } }),
    "worker-2 is frozen with task 19, without a heartbeat. Only the ack timeout of 60 s tells the broker.",
  );
  assert.doesNotMatch(says(frozen(0)), / s /); // a timeout that is not ours to know
  assert.equal(
    says(frozen(4, { ack: "auto" })),
    "worker-2 is frozen with task 19, and the broker has no copy. Thaw it, or it is lost.",
  );
  assert.equal(key(frozen(4, { holding: [], held: 0 })), null);
});

test("a newcomer idles beside a worker that was given everything", () => {
  const scene = (full, idle = {}, more = {}) => ({
    queues: queue({ unacked: 9, consumers: 2, ...more }),
    workers: {
      ...busy(1, 9, { prefetch: 0, ...full }),
      ...worker("worker-2", { prefetch: 0, since: NOW - 5, ...idle }),
    },
  });
  assert.equal(
    says(scene({})),
    "worker-2 idles: with no limit all went to who was there; worker-1 holds 9. Try prefetch 1.",
  );
  assert.match(says(scene({ ack: "auto" })), /under auto-ack all went .* worker-1 has 9/);
  assert.equal(key(scene({ prefetch: 20 })), null);
  assert.equal(key(scene({ held: 1 })), null); // that is one each
  assert.equal(key(scene({}, { queue: "mail" })), null); // it waits for something else
  assert.equal(key(scene({}, {}, { ready: 1 })), null); // it will have that one
});

test("between an ack and the next delivery nobody is said to starve, and the scene knows when to look again", () => {
  const scene = {
    queues: queue({ unacked: 9, consumers: 2 }),
    workers: { ...busy(1, 9, { prefetch: 0 }), ...worker("worker-2", { prefetch: 0, since: NOW }) },
  };
  assert.deepEqual(at(scene, { t: NOW + 0.2 }), { hint: null, next: NOW + SETTLED });
  assert.equal(key(scene, { t: NOW + SETTLED }), "starved");
});

test("auto-ack is explained until the first loss has shown it", () => {
  const settings = { ack: "auto", prefetch: 1, queue: "task_queue" };
  const workers = worker("worker-1", { ack: "auto" });
  const first = at({ settings, workers }).hint;
  assert.deepEqual([first.key, first.quiet], ["auto", true]);
  assert.match(hintWords(first), /forgets a task as soon as it is sent\. Stop a worker and see/);
  assert.equal(key({ settings, workers, ledger: { published: 1, lost: 1 } }), "void");
});

test("every worker is full: who gets the next", () => {
  const scene = (n, more = {}, waiting = {}) => ({
    queues: queue({ ready: 5, unacked: 3, consumers: 3, ...waiting }),
    workers: busy(3, n, { prefetch: n, ...more }),
  });
  assert.equal(says(scene(1)), "Every running worker has its one task. The next goes to whoever acks first.");
  assert.equal(says(scene(5)), "Every running worker has its 5 tasks. The next goes to whoever acks first.");
  const mixed = scene(5);
  Object.assign(mixed.workers, worker("worker-9", { state: "working", held: 1, prefetch: 1 }));
  assert.match(says(mixed), /has all that its prefetch allows/);
  assert.equal(key(scene(1, { ack: "auto" })), null);
  assert.equal(key(scene(1, { prefetch: 0 })), null);
  assert.equal(key(scene(1, {}, { ready: 0 })), null);
  assert.equal(key(scene(1, { prefetch: 2 })), null);
});

test("that every worker is full is said through an ack and the next delivery", () => {
  const scene = since => ({
    queues: queue({ ready: 5, consumers: 3 }),
    workers: { ...busy(2, 1, { prefetch: 1 }), ...worker("worker-3", { since }) },
  });
  assert.equal(key(scene(NOW - 0.1)), "full");
  assert.equal(key(scene(NOW - 2)), null);
});

test("of several hints the most important one is said, and every one has words", () => {
  const frozen = worker("worker-1", { state: "frozen", holding: ["t1"], held: 1, heartbeat: 4 });
  const scene = {
    settings: { ack: "auto", prefetch: 1, queue: "task_queue" },
    workers: { ...frozen, ...worker("worker-2") },
    queues: queue({ consumers: 2 }),
  };
  assert.equal(key(scene), "frozen");
  assert.equal(key({ ...scene, broker: { up: false } }), "broker_down");
  const blank = at({ broker: { up: false } }).hint;
  for (const row of HINTS) assert.notEqual(hintWords({ ...blank, key: row.key }), "", row.key);
});
