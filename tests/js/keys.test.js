import assert from "node:assert/strict";
import { test } from "node:test";
import { keyWords } from "../../static/js/text/keys.js";
import { helpRows, KEYS, nameOf } from "../../static/js/view/keys.js";

test("no key is there twice, and none that typing could not send", () => {
  const names = KEYS.flatMap(each => each.keys);
  assert.deepEqual(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  );
  for (const name of names) assert.equal(name.length === 1 ? name.toLowerCase() : name, name);
});

test("help has every key with its words, and no words without a key", () => {
  assert.equal(helpRows().length, KEYS.length);
  assert.deepEqual([...KEYS.map(each => each.says)].sort(), Object.keys(keyWords).sort());
  for (const { names, words } of helpRows()) {
    assert.ok(names.length > 0);
    assert.ok(words.length > 0);
  }
  assert.deepEqual(helpRows()[2], { names: ["1 – 9"], between: "or", words: keyWords.stop });
  assert.deepEqual(helpRows()[3].names, ["Shift+1 – 9"]);
});

test("the digits' keys are found on every keyboard", () => {
  const press = (key, code, shiftKey = false) => nameOf({ key, code, shiftKey });
  assert.equal(press("2", "Digit2"), "2");
  assert.equal(press("@", "Digit2", true), "Shift+2"); // US
  assert.equal(press('"', "Digit2", true), "Shift+2"); // German
  assert.equal(press("2", "Digit2", true), "2"); // French: the digit is the shifted one
  assert.equal(press("é", "Digit2"), "Shift+2");
  assert.equal(press("2", "Numpad2"), "2");
  assert.equal(press("T", "KeyT", true), "t"); // caps lock
  assert.equal(press("F5", "F5", true), "Shift+F5");
  assert.equal(press("PageDown", "PageDown"), "PageDown");
});
