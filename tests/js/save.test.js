import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeDocument } from "./fakes.js";

fakeDocument();
const { fileName } = await import("../../html/js/save.js");

for (const [title, name] of [
  ["경주 여행", "경주 여행"],
  ["경주".normalize("NFD"), "경주"],
  ['a/b\\c:d*e?f"g<h>i|j', "a b c d e f g h i j"],
  ["../../etc/passwd", "etc passwd"],
  ["줄\n바꿈\t탭\u0000\u202e뒤", "줄 바꿈 탭 뒤"],
  ["끝 점...", "끝 점"],
  ["가".repeat(300), "가".repeat(60)],
  ["😀".repeat(100), "😀".repeat(60)],
]) {
  test(`the name of a file with the title ${JSON.stringify(title.slice(0, 20))}`, () => {
    assert.match(fileName("", title, "md"), /^서연-[^-]*.*-\d{4}-\d\d-\d\d\.md$/u);
    assert.equal(fileName("", title, "md").slice(3, -14), name);
    assert.ok(new TextEncoder().encode(fileName("답", title, "md")).length <= 300);
  });
}

test("a file without a title has none in its name", () => {
  for (const title of ["", "  ", "..."]) assert.match(fileName("", title, "json"), /^서연-\d{4}-\d\d-\d\d\.json$/);
});
