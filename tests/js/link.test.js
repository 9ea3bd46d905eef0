import assert from "node:assert/strict";
import { test } from "node:test";
import { brief, format, missing, parse, SCENE, sceneOf, untouched, VIEW } from "../../static/js/core/link.js";
import { merge } from "../../static/js/core/merge.js";
import { sceneWords, wrongWords } from "../../static/js/text/link.js";
import { keyframe, worker } from "./frames.js";

test("view and scene are told apart", () => {
  const { view, scene, wrong } = parse(
    "?ack=auto&prefetch=5&workers=4&body=photo...&count=5&theme=dark&type=big&tab=code&pin=3",
  );
  assert.deepEqual(scene, { ack: "auto", prefetch: 5, workers: 4, body: "photo...", count: 5 });
  assert.deepEqual(view, { theme: "dark", type: "big", tab: "code", pin: 3 });
  assert.deepEqual(wrong, []);
  assert.equal(sceneWords(scene), "auto-ack, prefetch 5, 4 workers, photo... × 5");
});

test("nonsense is left out, and said with what is allowed", () => {
  const { view, scene, wrong } = parse("?ack=maybe&prefetch=-1&workers=1e3&theme=&pin=0x1&constructor=1");
  assert.deepEqual([view, scene], [{}, {}]);
  assert.deepEqual(
    wrong.map(each => each.name),
    ["ack", "prefetch", "workers", "theme", "pin", "constructor"],
  );
  assert.equal(
    wrongWords(wrong),
    "ack=maybe: must be manual or auto; prefetch=-1: must be a whole number from 0 to 1,000; workers=1e3: must be a whole number from 0 to 32; and 3 more.",
  );
  assert.match(wrongWords(parse("?prefech=5").wrong), /no such setting/);
});

test("what the queue is, what the tasks are, and what the workers do of them", () => {
  const { scene, wrong } = parse(
    "?durable=false&persistent=true&idempotent=true&workers=0&body=photo...&count=3",
  );
  const said = {
    durable: false,
    persistent: true,
    idempotent: true,
    workers: 0,
    body: "photo...",
    count: 3,
  };
  assert.deepEqual([scene, wrong], [said, []]);
  assert.equal(
    sceneWords(scene),
    "0 workers, classic queue, transient, idempotent workers, persistent tasks, photo... × 3",
  );
  assert.equal(sceneWords({ kind: "classic", idempotent: false }), "classic queue, workers not idempotent");
  assert.equal(sceneWords({ durable: true, persistent: false }), "quorum queue, transient tasks");
  assert.equal(
    wrongWords(parse("?durable=no&kind=stream&persistent=1").wrong),
    "durable=no: must be true or false; kind=stream: must be quorum or classic; persistent=1: must be true or false.",
  );
  const both = parse("?durable=false&kind=quorum");
  assert.deepEqual(both.scene, { durable: false });
  assert.equal(wrongWords(both.wrong), "kind=quorum: must be classic.");
});

test("a link to a scene says what differs, and as little as tells it", () => {
  const plain = { ack: "manual", prefetch: 1, workers: 3, durable: true, kind: "quorum", idempotent: false };
  const link = more => format({}, brief({ ...plain, persistent: true, ...more }));
  assert.equal(link({}), "?ack=manual&prefetch=1&workers=3&kind=quorum&idempotent=false");
  assert.equal(
    link({ durable: false, kind: "classic", idempotent: true, persistent: false }),
    "?ack=manual&prefetch=1&workers=3&durable=false&idempotent=true&persistent=false",
  );
});

test("a count without a task is nothing, and what is too long is refused", () => {
  assert.deepEqual(parse("?count=5").scene, {});
  assert.equal(parse(`?body=${"x".repeat(4096)}`).wrong.length, 0);
  assert.equal(parse(`?body=${"x".repeat(4097)}`).wrong.length, 1);
  assert.equal(parse(`?body=${".".repeat(601)}`).wrong.length, 1);
  assert.equal(parse(`?body=${"%E2%82%AC".repeat(1365)}`).wrong.length, 0);
  assert.equal(parse(`?body=${"x".repeat(1e6)}`).wrong[0].value.length < 20_000, true);
});

test("what is said twice counts once, what is too long is not read, and both are told", () => {
  const twice = parse("?ack=auto&ack=manual&x=1&x=2");
  assert.deepEqual(twice.scene, { ack: "auto" });
  assert.match(wrongWords(twice.wrong), /ack=manual: is said a second time/);
  const long = parse(`?prefetch=5&body=${"x".repeat(4000)}&x=${"y".repeat(20_000)}&workers=2`);
  assert.deepEqual(long.scene, { prefetch: 5, body: "x".repeat(4000) });
  assert.match(wrongWords(long.wrong), /read up to its 16,384th character/);
  assert.deepEqual(parse(`?body=${"x".repeat(20_000)}`).scene, {});
});

test("what is so already is not missing", () => {
  const world = merge(null, keyframe({ workers: { ...worker("worker-1"), ...worker("worker-2") } })).world;
  const now = { ack: "manual", prefetch: 1, workers: 2, durable: true, kind: "quorum", idempotent: false };
  assert.deepEqual(sceneOf(world), now);
  assert.deepEqual(missing({ durable: true, kind: "classic", idempotent: true }, world), {
    kind: "classic",
    idempotent: true,
  });
  assert.deepEqual(missing({ ...now, workers: 3 }, world), { workers: 3 });
  assert.deepEqual(missing({ ack: "manual", prefetch: 5, workers: 2 }, world), { prefetch: 5 });
  assert.equal(untouched(world), true);
  assert.equal(untouched(merge(world, { n: 2, link: { engine: true, watching: 2 } }).world), false);
});

test("ten thousand random addresses: nothing thrown, and what was understood comes back the same", () => {
  let seed = 7;
  const random = n => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % n;
  };
  const names = [...Object.keys(VIEW), ...Object.keys(SCENE), "x", "__proto__", "toString", "", "%", "pin[]"];
  const values = [
    "auto",
    "true",
    "false",
    "quorum",
    "manual",
    "dark",
    "big",
    "1",
    "0",
    "33",
    "1000",
    "1001",
    "-1",
    "NaN",
    "photo...",
    "%",
    "%00",
    "%ff%fe",
    "\ud800",
    "a&b=c",
    "é".repeat(200),
    "life",
    "1e9",
    "999999999",
    " ",
    "+",
    "<script>",
    "9".repeat(400),
  ]; // prettier-ignore
  for (let i = 0; i < 10_000; i++) {
    const parts = Array.from({ length: random(6) }, () => {
      const value = values[random(values.length)];
      const text = random(2) ? value : encodeURIComponent(value.toWellFormed());
      return `${names[random(names.length)]}${random(9) ? "=" : ""}${text}`;
    });
    const search = `?${parts.join(random(20) ? "&" : ";")}`;
    const { view, scene, wrong } = parse(search);
    const again = parse(format(view, scene));
    assert.deepEqual([again.view, again.scene, again.wrong], [view, scene, []], search);
    if (wrong.length > 0) assert.ok(wrongWords(wrong).length < 500);
  }
});
