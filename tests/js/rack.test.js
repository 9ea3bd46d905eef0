import assert from "node:assert/strict";
import { test } from "node:test";
import { rack } from "../../static/js/core/rack.js";
import { chooseTabs } from "../../static/js/core/tabs.js";

const worker = (prefetch, ack = "manual") => ({ prefetch, ack });

test("a prefetch of five has five slots: the running one, buffered ones, free ones", () => {
  const it = rack(worker(5), 3, 3, 2);
  assert.deepEqual([it.kind, it.buffered, it.drawn, it.free, it.whole], ["limit", 2, 2, 2, true]);
  assert.deepEqual([rack(worker(5), 0, 0, 1).buffered, rack(worker(5), 0, 0, 1).free], [0, 4]);
  assert.equal(rack(worker(5), 5, 5, 2).free, 0);
});

test("a prefetch of one has no slot behind the first", () => {
  const it = rack(worker(1), 1, 1, 2);
  assert.deepEqual([it.buffered, it.drawn, it.free, it.whole], [0, 0, 0, true]);
});

test("more slots than a lane can draw are counted, none is shown as free", () => {
  const it = rack(worker(20), 8, 8, 3);
  assert.deepEqual([it.whole, it.free, it.drawn, it.buffered, it.held], [false, 0, 4, 7, 8]);
  assert.equal(rack(worker(5), 5, 5, 6).drawn, 2); // long numbers take the room
  assert.equal(rack(worker(50), 50, 40, 2).buffered, 49); // the frame names forty
});

test("no limit, and a limit that does nothing under auto-ack", () => {
  assert.deepEqual([rack(worker(0), 300, 40, 3).kind, rack(worker(0), 300, 40, 3).buffered], ["none", 299]);
  const auto = rack(worker(5, "auto"), 9, 9, 1);
  assert.deepEqual([auto.kind, auto.free, auto.buffered, auto.whole], ["void", 0, 8, false]);
});

test("queues that have a tab: a few, in their order, and the one that is shown", () => {
  const queues = ["a", "b", "c", "d", "e"].map(name => ({ name }));
  const named = all => all.map(each => each.name).join("");
  assert.equal(named(chooseTabs(queues.slice(0, 3), queues[0])), "abc");
  assert.equal(named(chooseTabs(queues, queues[0])), "ab");
  assert.equal(named(chooseTabs(queues, queues[1])), "ab");
  assert.equal(named(chooseTabs(queues, queues[4])), "ae");
  assert.equal(named(chooseTabs(queues, null)), "ab");
});
