import assert from "node:assert/strict";
import { test } from "node:test";
import { SECRET, unsentKeys } from "../../html/js/keys.js";
import { Drafts } from "../../html/js/state/drafts.js";
import { memoryStorage } from "./fakes.js";

test("each conversation has its draft", () => {
  const drafts = new Drafts(memoryStorage(), memoryStorage());
  drafts.set("a", "하나");
  drafts.set("new", "둘");
  assert.deepEqual(
    ["a", "new", "b"].map((key) => drafts.get(key)),
    ["하나", "둘", ""],
  );
});

test("tabs do not overwrite each other's, and a new tab finds the last one", () => {
  const storage = memoryStorage();
  const [first, second] = [new Drafts(storage, memoryStorage()), new Drafts(storage, memoryStorage())];
  first.set("a", "첫 탭");
  second.set("a", "둘째 탭");
  assert.deepEqual([first.get("a"), second.get("a")], ["첫 탭", "둘째 탭"]);
  first.set("a", "");
  assert.equal(first.get("a"), "");
  assert.equal(new Drafts(storage, memoryStorage()).get("a"), "둘째 탭");
  second.set("a", "");
  assert.deepEqual(unsentKeys(storage), []);
});

test("another user does not find a draft in the tab", () => {
  const [storage, tabStorage] = [memoryStorage({ [SECRET]: "first-guest" }), memoryStorage()];
  new Drafts(storage, tabStorage).set("new", "비밀");
  storage.set(SECRET, "second-guest");
  for (const key of unsentKeys(storage)) storage.remove(key);
  assert.equal(new Drafts(storage, tabStorage).get("new"), "");
});

test("nothing of a temporary conversation leaves the tab", () => {
  const storage = memoryStorage();
  const drafts = new Drafts(storage, memoryStorage());
  for (const key of ["temporary", "temporary.model"]) drafts.set(key, "비밀");
  assert.equal(drafts.get("temporary.model"), "비밀");
  assert.deepEqual(unsentKeys(storage), []);
});
