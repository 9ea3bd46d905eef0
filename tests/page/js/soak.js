// A run without an end, as frames: so many tasks a second through so many lanes, so many waiting all the time. For the bench.
import { attempt, keyframe, task, worker } from "./frames.js";

const WINDOW = 40; // as in webapp/frames.py
const LINES = 20;

/** `next()` gives the next frame, the first one a keyframe. @param {{lanes: number, each: number, ready: number, rate: number, fps: number}} run */
export function soak({ lanes, each, ready, rate, fps }) {
  const names = Array.from({ length: lanes }, (_, i) => `worker-${i + 1}`);
  const holding = new Map(names.map(name => [name, []]));
  const tally = new Map(names.map(name => [name, 0]));
  const done = [];
  const known = new Map(); // tasks by number, as they are
  let [head, tail, settled, frames, seq, owed] = [1, 1, 0, 0, 0, 0];

  function next() {
    const first = frames === 0;
    const at = 10 + frames / fps;
    const changed = {};
    const wire = [];
    const put = it => {
      known.set(it.n, it);
      changed[it.id] = it;
    };
    const say = (method, who, n) => {
      seq += 1;
      if (wire.length < LINES)
        wire.push({ seq, at, who, to: "", method, detail: "", task: `t${n}`, tone: "" });
    };

    owed += first ? ready + lanes * each : rate / fps;
    const coming = Math.floor(owed);
    owed -= coming;
    for (let i = 0; i < coming; i++) say("basic.publish", "producer", tail++);

    for (let i = 0; i < (first ? 0 : coming); i++) {
      const name = names[settled % lanes];
      const it = known.get(holding.get(name).shift());
      put({
        ...it,
        state: "done",
        settled_at: at,
        attempts: [{ ...it.attempts[0], ended_at: at, end: "acked" }],
      });
      say("basic.ack", name, it.n);
      tally.set(name, tally.get(name) + 1);
      done.push(it.n);
      settled += 1;
    }
    for (let i = 0; i < (first ? lanes * each : coming); i++) {
      const name = names[(head - 1) % lanes];
      holding.get(name).push(head);
      put(task(head, "unacked", [attempt(name, at)], { published_at: Math.max(0, at - ready / rate) }));
      say("basic.deliver", "broker", head++);
    }
    const window = Array.from({ length: WINDOW }, (_, i) => head + i).filter(n => n < tail);
    for (const n of window)
      if (!known.has(n)) put(task(n, "ready", [], { published_at: Math.max(0, at - ready / rate) }));
    while (done.length > WINDOW) {
      const n = done.shift();
      known.delete(n);
      changed[`t${n}`] = null;
    }

    const ids = numbers => numbers.map(n => `t${n}`);
    const workers = {};
    for (const [i, name] of names.entries())
      Object.assign(
        workers,
        worker(name, {
          state: "working",
          pid: 100 + i,
          prefetch: each,
          done: tally.get(name),
          holding: ids(holding.get(name)),
          held: each,
        }),
      );
    const unacked = lanes * each;
    const frame = {
      n: frames,
      at,
      seq,
      run: 1,
      ledger: { published: tail - 1, done: settled, ready: tail - head, unacked },
      queues: {
        task_queue: {
          name: "task_queue",
          kind: "quorum",
          durable: true,
          ready: tail - head,
          unacked,
          consumers: lanes,
          next: `t${head}`,
          window: ids(window),
          difference: 0,
        },
      },
      workers,
      tasks: changed,
      wire,
    };
    frames += 1;
    return first
      ? keyframe({ ...frame, settings: { ack: "manual", prefetch: each, queue: "task_queue" } })
      : frame;
  }
  return { next, count: () => settled };
}
