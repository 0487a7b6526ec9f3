import assert from "node:assert/strict";
import { test } from "node:test";
import { Storage } from "../../html/js/storage.js";

/** A web storage with a limited number of characters. */
class LocalStorage {
  getItem(key) {
    return this[key] ?? null;
  }
  setItem(key, value) {
    if (value.length > 10) throw new Error("QuotaExceededError");
    this[key] = value;
  }
  removeItem(key) {
    delete this[key];
  }
}

test("a full disk or a private window only costs permanence", () => {
  for (const local of [new LocalStorage(), null]) {
    const storage = new Storage(() => local ?? undefined.localStorage);
    storage.set("a.1", "short");
    storage.set("a.2", "longer than the disk");
    storage.set("b", "other");
    assert.equal(storage.get("a.2"), "longer than the disk");
    assert.deepEqual(storage.keys("a.").sort(), ["a.1", "a.2"]);
    storage.remove("a.1");
    storage.remove("a.2");
    assert.deepEqual([storage.get("a.1"), storage.get("a.2"), storage.keys("a.")], [null, null, []]);
  }
});

test("a value that is not JSON reads as null", () => {
  const storage = new Storage(() => new LocalStorage());
  storage.set("a", "{");
  storage.set("b", "[1]");
  assert.deepEqual([storage.getJson("a"), storage.getJson("b"), storage.getJson("c")], [null, [1], null]);
});
