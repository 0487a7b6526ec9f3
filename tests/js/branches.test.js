import assert from "node:assert/strict";
import { test } from "node:test";
import { extend, leadTo } from "../../html/js/state/branches.js";
import { Turn } from "../../html/js/state/turn.js";

const ids = (turns) => turns.map(({ requestId }) => requestId);
const stored = (turnId, parent, variants = null) =>
  Turn.fromHistory({ requestId: turnId, conversationId: "c", question: "?", status: "done", turnId, parent, variants });
const asked = (requestId, place) => Turn.create("c", "?", { requestId, ...place });
const branch = () => [stored("a", "root"), stored("b", "a"), stored("c", "b")];

test("a question after the last turn is added at the end", () => {
  for (const add of [leadTo, extend]) {
    const turns = add(branch(), asked("d", { parent: "c" }));
    assert.deepEqual(ids(turns), ["a", "b", "c", "d"]);
    assert.equal(turns.at(-1).variants, null);
  }
});

test("a variant takes the place of its sibling and what follows, and both know each other", () => {
  const turns = branch();
  const variant = asked("d", { parent: "a", variantOf: "b" });
  assert.deepEqual(ids(leadTo(turns, variant)), ["a", "d"]);
  const heads = [turns[2], variant];
  assert.deepEqual(turns[1].variants, { index: 0, heads });
  assert.deepEqual(variant.variants, { index: 1, heads });
});

test("a variant that is not shown is counted once", () => {
  const turns = branch();
  turns[1].variants = { index: 1, heads: ["older", "c"] };
  const variant = asked("d", { parent: "a", variantOf: "b" });
  for (const _ of [1, 2]) assert.deepEqual(extend(turns, variant), turns);
  assert.deepEqual(turns[1].variants, { index: 1, heads: ["older", turns[2], variant] });
  const known = Object.assign(asked("e", { parent: "b" }), { turnId: "e" });
  turns[2].variants = { index: 0, heads: ["c", "e"] };
  extend(turns, known);
  assert.deepEqual(turns[2].variants.heads, ["c", "e"]);
});

test("a question of another branch does not extend the shown one", () => {
  assert.deepEqual(ids(extend(branch(), asked("d", { parent: "elsewhere" }))), ["a", "b", "c"]);
  assert.deepEqual(ids(extend(branch(), asked("d", { after: "elsewhere" }))), ["a", "b", "c"]);
  assert.deepEqual(ids(extend(branch(), asked("d", { after: "c" }))), ["a", "b", "c", "d"]);
  assert.deepEqual(ids(extend([], asked("d", { parent: "root" }))), ["d"]);
});

test("a refused question stands at the end, and the next one beside it is no variant", () => {
  const refused = Object.assign(asked("r", { parent: "b" }), { refusal: { code: "busy", retryable: true, at: 1 } });
  const turns = leadTo(branch(), refused);
  assert.deepEqual(ids(turns), ["a", "b", "c", "r"]);
  const next = asked("n", { parent: "c" });
  assert.deepEqual(ids(leadTo(turns, next)), ["a", "b", "c", "r", "n"]);
  assert.equal(next.variants, null);
});
