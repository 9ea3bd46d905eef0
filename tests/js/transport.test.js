// The projector's clock: live, paused, playing; and clocks that jump or sleep.
import assert from "node:assert/strict";
import { test } from "node:test";
import { moment, plain } from "../../static/js/core/moment.js";
import { createTransport, RATES } from "../../static/js/core/transport.js";

/** Reads on as a page that draws does: every 0.1 s of local time, the engine's clock being `ahead`. */
function draw(transport, from, to, ahead = 100) {
  let t = 0;
  for (let i = 0; i <= Math.round((to - from) * 10); i++)
    t = transport.read(from + i / 10, from + i / 10 + ahead);
  return t;
}
const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-6, `${a} is not ${b}`);

test("live is the present", () => {
  const transport = createTransport();
  assert.equal(transport.read(5, 105), 105);
  assert.equal(transport.mode, "live");
});

test("paused it stands, whatever passes", () => {
  const transport = createTransport();
  transport.pause(5, 105);
  near(draw(transport, 5, 50), 105);
  assert.equal(transport.mode, "paused");
});

test("it plays on from where it stood, as far behind as it was", () => {
  const transport = createTransport();
  transport.pause(5, 105);
  draw(transport, 5, 17);
  transport.play(17, 117);
  near(draw(transport, 17, 27), 115);
  assert.equal(transport.mode, "playing");
});

test("slow motion begins in the present and falls behind; faster catches up and is live", () => {
  const transport = createTransport();
  transport.setRate(0.1, 5, 105);
  near(draw(transport, 5, 15), 106);
  transport.setRate(4, 15, 115);
  near(draw(transport, 15, 17), 114);
  near(draw(transport, 17, 18), 118);
  assert.deepEqual([transport.mode, transport.rate], ["live", 1]);
});

test("the present cannot be hurried, and no other rate than those on the list is taken", () => {
  const transport = createTransport();
  transport.setRate(4, 5, 105);
  assert.deepEqual([transport.mode, transport.rate], ["live", 1]);
  for (const bad of [0, -1, 3, Number.NaN, Number.POSITIVE_INFINITY]) transport.setRate(bad, 5, 105);
  assert.deepEqual([transport.mode, transport.rate], ["live", 1]);
});

test("a rate chosen while it is paused counts when it plays", () => {
  const transport = createTransport();
  transport.pause(5, 105);
  transport.setRate(0.5, 5, 105);
  near(draw(transport, 5, 9), 105);
  transport.play(9, 109);
  near(draw(transport, 9, 13), 107);
});

test("from live a moment is stood at; while it plays it plays on from there", () => {
  const transport = createTransport();
  transport.read(5, 105);
  transport.seek(60);
  assert.deepEqual([transport.mode, draw(transport, 5, 9)], ["paused", 60]);
  transport.play(9, 109);
  transport.seek(30);
  near(draw(transport, 9, 11), 32);
});

test("at an event nothing is in mid-air, until it goes on", () => {
  const transport = createTransport();
  transport.stop(50);
  assert.deepEqual([transport.mode, transport.still], ["paused", true]);
  transport.play(5, 105);
  assert.equal(transport.still, false);
  transport.stop(50);
  transport.live();
  assert.deepEqual([transport.mode, transport.still], ["live", false]);
});

test("a tab that slept for ten minutes goes on where it stood", () => {
  const transport = createTransport();
  transport.setRate(0.5, 5, 105);
  near(draw(transport, 5, 7), 106);
  near(transport.read(607, 707), 106);
  near(draw(transport, 607, 609), 107);
});

test("a clock that jumps back neither takes the film with it nor shows the future", () => {
  const transport = createTransport();
  transport.setRate(0.5, 5, 105);
  draw(transport, 5, 7);
  near(transport.read(2, 107), 106);
  near(transport.read(2.2, 107.2), 106.1);
  near(transport.read(2.4, 50), 50);
  transport.live();
  assert.equal(transport.read(2.6, 50.2), 50.2);
  transport.stop(50);
  assert.equal(transport.read(2.8, 20), 20);
});

test("an event that has only just come can be stood at", () => {
  const transport = createTransport();
  transport.stop(105.1);
  assert.equal(transport.read(5, 105), 105.1);
  assert.equal(transport.read(5.05, 105.05), 105.1);
});

test("what is not there yet is waited for", () => {
  const transport = createTransport();
  transport.pause(5, 105);
  transport.play(6, 106);
  draw(transport, 6, 8);
  transport.wait(105.5);
  near(draw(transport, 8, 9), 106.5);
});

test("slower and faster go along the list and stop at its ends", () => {
  const transport = createTransport();
  transport.pause(5, 105);
  const all = way => {
    const out = [];
    for (let i = 0; i < 8; i++) {
      transport.setRate(transport.nextRate(way), 5, 105);
      out.push(transport.rate);
    }
    return out;
  };
  assert.deepEqual(all(1), [2, 4, 4, 4, 4, 4, 4, 4]);
  assert.deepEqual(all(-1), [2, 1, 0.5, 0.25, 0.1, 0.1, 0.1, 0.1]);
  assert.deepEqual(RATES, [0.1, 0.25, 0.5, 1, 2, 4]);
});

test("moments and distances in digits", () => {
  assert.deepEqual(
    [0, 42.6, 59.99, 61, 3723.45, -1].map(s => moment(s, true)),
    ["00:00.0", "00:42.6", "00:59.9", "01:01.0", "1:02:03.4", "00:00.0"],
  );
  assert.equal(moment(42.6, false), "00:42");
  assert.deepEqual([0.44, 9.96, 12.4, 59.7, 200, 7500].map(plain), [
    "0.4 s",
    "10 s",
    "12 s",
    "1 min 0 s",
    "3 min 20 s",
    "2 h 5 min",
  ]);
});
