import assert from "node:assert/strict";
import { test } from "node:test";
import { toWire } from "../../html/js/api.js";
import { renameMembers, toCamelCase } from "../../html/js/wire.js";

test("names are renamed at every depth, values are not", () => {
  const wire = { turns: [{ request_id: "a_b", usage: { prompt_tokens: 1 }, code: null }], next_cursor: "c_d" };
  assert.deepEqual(renameMembers(wire, toCamelCase), {
    turns: [{ requestId: "a_b", usage: { promptTokens: 1 }, code: null }],
    nextCursor: "c_d",
  });
});

test("an export has the names and the order of the API", () => {
  const turn = { requestId: "a", question: "질문", answer: "답", usage: { promptTokens: 1 }, createdAt: "2026" };
  const wire = '{"request_id":"a","text":"질문","answer":"답","usage":{"prompt_tokens":1},"created_at":"2026"}';
  assert.equal(JSON.stringify(toWire(turn)), wire);
});
