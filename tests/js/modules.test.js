import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const top = new URL("../../", import.meta.url);

test("the page fetches each module ahead of its need, and no file that is not there", () => {
  const page = readFileSync(new URL("templates/index.html", top), "utf8");
  const preloaded = [...page.matchAll(/rel="modulepreload" href="\/static\/js\/([^"]+)"/g)].map(
    each => each[1],
  );
  const there = readdirSync(new URL("static/js/", top), { recursive: true })
    .filter(name => name.endsWith(".js") && name !== "theme.js" && name !== "types.js")
    .sort();
  assert.deepEqual([...preloaded].sort(), there);
  const sheets = [...page.matchAll(/rel="stylesheet" href="\/static\/css\/([^"]+)"/g)].map(each => each[1]);
  assert.deepEqual([...sheets].sort(), readdirSync(new URL("static/css/", top)).sort());
});
