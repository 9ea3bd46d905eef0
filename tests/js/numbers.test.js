import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { count, gap, held, ordinal, tenths } from "../../static/js/core/format.js";
import { moment, plain } from "../../static/js/core/moment.js";

const TEXT = new URL("../../static/js/text", import.meta.url);
const files = ["../../static/js/text.js", ...readdirSync(TEXT).map(name => `../../static/js/text/${name}`)];

/** What only names something: a task, a process, a setting as the shell has it. */
const NAMES = /#\d+|pid \d+|[A-Z_]+=\d+|prefetch_count=\d+/g;
const BIG = 1_234_568;

/** Functions that are given numbers, and have them in no note of their own. */
const GIVEN_NUMBERS = ["delayOf", "span", "left", "noticedIn", "missedIn"];

/** What the functions of a module's tables say of a big number: by the type in the note before each parameter. */
function* said(value, path) {
  if (value !== null && typeof value === "object")
    for (const [key, each] of Object.entries(value)) yield* said(each, `${path}.${key}`);
  if (typeof value !== "function") return;
  const types = [...value.toString().matchAll(/@type \{([^}]+)\} \*\/ \w+(?=[,)])/g)].map(each => each[1]);
  const given = GIVEN_NUMBERS.includes(path.split(".").at(-1)) ? ["number", "number"] : types;
  if (!given.includes("number")) return;
  const kinds = { number: BIG, boolean: true, "number[]": [BIG] };
  yield [path, value(...given.map(type => kinds[type] ?? "word"))];
}

test("every number that the page says is written the same way", async () => {
  let heard = 0;
  for (const file of files) {
    for (const [path, words] of said(await import(file), file.split("/").at(-1))) {
      heard += 1;
      assert.doesNotMatch(`${words}`.replaceAll(NAMES, ""), /\d{4}/, path);
    }
  }
  assert.ok(heard > 50, `${heard}`);
});

test("counts, tenths, ordinals and durations have one separator and one point, whatever the browser speaks", () => {
  assert.deepEqual([5011, 999, 1e6].map(count), ["5,011", "999", "1,000,000"]);
  assert.deepEqual([0.25, 1234, 9.96].map(tenths), ["0.3", "1,234.0", "10.0"]);
  assert.equal(ordinal(1002), "1,002nd");
  assert.equal(gap(0.9996), "1.0 s"); // and not 1000 ms
  assert.equal(gap(4711.2), "4,711.2 s");
  assert.equal(held(3600 * 1234.5), "1,234 h");
  assert.equal(plain(3600 * 1234), "1,234 h 0 min");
  assert.equal(moment(3600 * 1234, false), "1,234:00:00");
});

test("no other file formats a number for people", () => {
  const other = [];
  for (const folder of ["core", "text", "view"])
    for (const name of readdirSync(new URL(`../../static/js/${folder}`, import.meta.url))) {
      const code = readFileSync(new URL(`../../static/js/${folder}/${name}`, import.meta.url), "utf8");
      if (name !== "format.js" && /toLocaleString|Intl\.|toFixed\(\d\)\} ?(s|ms|h|min)\b/.test(code))
        other.push(name);
    }
  assert.deepEqual(other, []);
});
