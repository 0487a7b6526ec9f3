import assert from "node:assert/strict";
import { test } from "node:test";
import { compileQuery, excerptAtMatch, splitAtMatch } from "../../html/js/search.js";

test("a query matches in any case, in NFD, and with any white space", () => {
  const query = compileQuery("  케이크   굽 ".normalize("NFD"));
  assert.deepEqual(splitAtMatch("초코 케이크\n굽기", query), ["초코 ", "케이크\n굽", "기"]);
  assert.deepEqual(splitAtMatch("Bulguksa", compileQuery("BULGUK")), ["", "Bulguk", "sa"]);
});

test("special characters match themselves", () => {
  assert.equal(splitAtMatch("무엇이든", compileQuery(".*[(")), null);
  assert.deepEqual(splitAtMatch("a.*[(b", compileQuery(".*[(")), ["a", ".*[(", "b"]);
});

test("an empty query is none", () => {
  assert.equal(compileQuery(" \n"), null);
});

test("an excerpt keeps what is near, in whole characters", () => {
  const [before, match, after] = excerptAtMatch(`${"🙂".repeat(20)}경주${"가".repeat(100)}`, compileQuery("경주"));
  assert.equal(before, `…${"🙂".repeat(16)}`);
  assert.equal(match, "경주");
  assert.equal(after.length, 80);
});
