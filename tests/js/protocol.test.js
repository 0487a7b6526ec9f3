import assert from "node:assert/strict";
import { test } from "node:test";
import {
  countCharacters,
  frames,
  isRetryable,
  normalizeText,
  parseFrame,
  setFeatures,
  supports,
} from "../../html/js/protocol.js";

test("a question is `text` on the wire", () => {
  const turn = { requestId: "r", conversationId: "c", question: "안녕", mode: "chat", answer: "" };
  const frame = { action: "chat", request_id: "r", conversation_id: "c", text: "안녕", mode: "chat" };
  assert.deepEqual(frames.chat(turn), frame);
  assert.deepEqual(frames.resume("r"), { action: "resume", request_id: "r" });
});

test("an optional field is sent only if its feature is listed", () => {
  setFeatures(["mode.chat", "continue.run"]);
  assert.deepEqual(frames.continue("r", 2), { action: "continue", request_id: "r", run: 2 });
  assert.deepEqual(frames.continue("r", 0), { action: "continue", request_id: "r" });
  const turn = { requestId: "r", conversationId: "c", question: "안녕", mode: "translate", targetLanguage: "en" };
  assert.equal("target_language" in frames.chat(turn), false);
  setFeatures(["mode.chat", "chat.target_language", "continue.something_else"]);
  assert.equal(frames.chat(turn).target_language, "en");
  assert.equal("target_language" in frames.chat({ ...turn, targetLanguage: null }), false);
  assert.deepEqual(frames.continue("r", 2), { action: "continue", request_id: "r" });
});

test("a question names its place among the branches if the functions know them", () => {
  const turn = { requestId: "r", conversationId: "c", question: "안녕", mode: "chat", parent: "p", variantOf: "v" };
  const frame = { action: "chat", request_id: "r", conversation_id: "c", text: "안녕", mode: "chat" };
  setFeatures(["chat.parent", "chat.variant_of", "chat.wish"]);
  assert.deepEqual(frames.chat({ ...turn, wish: null }), { ...frame, parent: "p", variant_of: "v" });
  assert.deepEqual(frames.chat({ ...turn, wish: "shorter" }), {
    ...frame,
    parent: "p",
    variant_of: "v",
    wish: "shorter",
  });
  setFeatures(["mode.chat"]);
  assert.deepEqual(frames.chat({ ...turn, wish: "shorter" }), frame);
});

test("without a list of features, those of the first version are supported", () => {
  setFeatures(undefined);
  assert.deepEqual(["mode.chat", "mode.translate", "mode.grammar", "continue.run", "mode.later"].map(supports), [
    true,
    true,
    true,
    false,
    false,
  ]);
});

test("a frame has the page's names", () => {
  const message = '{"type": "done", "request_id": "r", "stop_reason": "stop", "usage": {"total_tokens": 3}}';
  const frame = { type: "done", requestId: "r", stopReason: "stop", usage: { totalTokens: 3 } };
  assert.deepEqual(parseFrame(message), frame);
});

test("other messages are not frames", () => {
  for (const message of ["not json", "[1]", "null", '{"message": "Internal server error"}', '{"type": 1}']) {
    assert.equal(parseFrame(message), null);
  }
});

test("an unknown code is not retryable", () => {
  assert.deepEqual(["throttled", "content_blocked", "something_new", null].map(isRetryable), [
    true,
    false,
    false,
    false,
  ]);
});

test("a text is composed, trimmed, and free of control characters and lone surrogates", () => {
  assert.equal(normalizeText("  \u1112\u1161\u11ab\u1100\u1173\u11af \x07\n"), "한글");
  assert.equal(normalizeText("하나\n\t둘\ud800\u0000"), "하나\n\t둘");
});

test("characters are code points", () => {
  assert.equal(countCharacters("🙂가"), 2);
});
