import assert from "node:assert/strict";
import { test } from "node:test";
import { setFeatures } from "../../html/js/protocol.js";
import { Turn } from "../../html/js/state/turn.js";

setFeatures(["mode.chat", "continue.run"]);

const QUESTION = {
  requestId: "r",
  conversationId: "c",
  mode: "chat",
  question: "안녕",
  createdAt: "2026-11-22T03:04:05Z",
};
const stored = (fields) => Turn.fromHistory({ ...QUESTION, answer: null, code: null, usage: null, ...fields });

function sent() {
  return Object.assign(Turn.create("c", "안녕", { requestId: "r" }), { status: "sending" });
}

test("a turn without a stored answer waits, and is resumed", () => {
  const turn = stored({ status: "streaming" });
  assert.equal(turn.status, "waiting");
  assert.deepEqual(turn.request, { action: "resume", request_id: "r" });
});

test("a stored failure is retryable by its code", () => {
  assert.equal(stored({ status: "failed", code: "throttled" }).retryable, true);
  assert.equal(stored({ status: "failed", code: "content_blocked" }).retryable, false);
});

test("a turn keeps the frame's `retryable`, for every code", () => {
  const turn = sent();
  turn.receive({ type: "failed", requestId: "r", code: "something_new", message: "", retryable: true });
  assert.equal(turn.status, "failed");
  assert.equal(turn.retryable, true);
  assert.deepEqual([turn.refusal.code, turn.refusal.retryable], ["something_new", true]);
});

test("an accepted question that fails was not refused", () => {
  const turn = sent();
  turn.receive({ type: "accepted", requestId: "r", conversationId: "c", createdAt: QUESTION.createdAt });
  turn.receive({ type: "failed", requestId: "r", code: "internal", message: "", retryable: true });
  assert.equal(turn.status, "failed");
  assert.equal(turn.refusal, null);
});

test("only an answer that was cut can be continued", () => {
  for (const [stopReason, expected] of [
    ["stop", false],
    ["length", true],
    ["cancelled", true],
    ["deadline", true],
  ]) {
    assert.equal(stored({ status: "done", answer: "네", stopReason }).canContinue, expected, stopReason);
  }
});

test("a complete answer can be rated, and keeps its rating", () => {
  const answered = { status: "done", answer: "네", turnId: "t" };
  assert.equal(stored(answered).canRate, false); // functions without the feature
  setFeatures(["mode.chat", "continue.run", "rate"]);
  for (const [fields, expected] of [
    [answered, true],
    [{ ...answered, answer: "" }, false],
    [{ ...answered, turnId: undefined }, false],
    [{ ...answered, status: "streaming" }, false],
  ]) {
    assert.equal(stored(fields).canRate, expected, JSON.stringify(fields));
  }
  const feedback = { rating: "up", text: "", share: false };
  assert.deepEqual(stored({ ...answered, feedback }).feedback, feedback);
  assert.equal(stored(answered).feedback, null);
  setFeatures(["mode.chat", "continue.run"]);
});

test("a continued answer ends with a higher run only", () => {
  const turn = sent();
  turn.receive({ type: "delta", requestId: "r", run: 1, seq: 1, text: "옛날 " });
  const done = { type: "done", requestId: "r", run: 1, seq: 1, stopReason: "length", usage: null, modelId: null };
  turn.receive(done);
  turn.continue();
  assert.deepEqual(turn.request, { action: "continue", request_id: "r", run: 1 });
  assert.equal(turn.receive(done), "ignored");
  assert.equal(turn.status, "waiting");
  turn.receive({ type: "snapshot", requestId: "r", run: 2, seq: 0, text: "옛날 " });
  turn.receive({ type: "delta", requestId: "r", run: 2, seq: 1, text: "옛적에" });
  turn.receive({ ...done, run: 2, stopReason: "stop" });
  assert.deepEqual([turn.status, turn.stopReason, turn.answer], ["done", "stop", "옛날 옛적에"]);
});

test("a continuation names the run that the history knows, if it does", () => {
  const turn = stored({ status: "done", answer: "옛날", stopReason: "length", run: 3 });
  turn.continue();
  assert.deepEqual(turn.request, { action: "continue", request_id: "r", run: 3 });
  const older = stored({ status: "done", answer: "옛날", stopReason: "length" });
  older.continue();
  assert.deepEqual(older.request, { action: "continue", request_id: "r" });
});

test("an empty snapshot shows that the run is alive, and the turn goes on waiting", () => {
  const turn = Object.assign(sent(), { status: "waiting", interruption: "stalled" });
  assert.equal(turn.receive({ type: "snapshot", requestId: "r", run: 1, seq: 0, text: "" }), "changed");
  assert.deepEqual([turn.status, turn.interruption], ["waiting", null]);
});

test("a continuation is waited for from its own time", () => {
  const turn = Object.assign(sent(), { status: "done", stopReason: "length", askedAt: 1 });
  turn.continue();
  assert.ok(Date.now() - turn.askedAt < 60_000);
});

test("a refused continuation leaves the answer as it had ended", () => {
  const turn = stored({ status: "done", answer: "옛날", stopReason: "length" });
  turn.continue();
  turn.receive({ type: "failed", requestId: "r", code: "quota_exceeded", message: "", retryable: false });
  assert.deepEqual([turn.status, turn.stopReason, turn.code], ["done", "length", "quota_exceeded"]);
});

test("the id of a turn comes with `accepted`, `done` or the history", () => {
  const accepted = sent();
  const frame = { type: "accepted", requestId: "r", conversationId: "c", createdAt: "", turnId: "t", parent: "p" };
  accepted.receive(frame);
  assert.deepEqual([accepted.headId, accepted.parent], ["t", "p"]);
  const lost = sent();
  lost.receive({
    type: "done",
    requestId: "r",
    run: 1,
    seq: 0,
    stopReason: "stop",
    usage: null,
    modelId: null,
    turnId: "t",
  });
  assert.equal(lost.headId, "t");
  const loaded = Object.assign(sent(), { answer: "" });
  loaded.receive({ type: "delta", requestId: "r", run: 1, seq: 1, text: "네" });
  loaded.load({ ...QUESTION, answer: null, status: "streaming", turnId: "t", parent: "p" });
  assert.deepEqual([loaded.answer, loaded.headId, loaded.parent], ["네", "t", "p"]);
});

test("a question after a refused one follows the turn before that", () => {
  const turn = Object.assign(sent(), { parent: "p" });
  turn.receive({ type: "failed", requestId: "r", code: "quota_exceeded", message: "", retryable: false });
  assert.equal(turn.headId, "p");
});

test("a turn branches only where the functions know of it", () => {
  const branchable = () => stored({ status: "done", answer: "네", turnId: "t", parent: "root" }).canBranch;
  assert.equal(branchable(), false);
  setFeatures(["mode.chat", "continue.run", "chat.variant_of"]);
  assert.equal(branchable(), true);
  assert.equal(stored({ status: "done", answer: "네" }).canBranch, false);
  setFeatures(["mode.chat", "continue.run"]);
});

test("a snapshot brings another turn to the same state", () => {
  const turn = sent();
  assert.equal(turn.snapshot, null);
  turn.receive({ type: "delta", requestId: "r", run: 1, seq: 1, text: "하나" });
  const other = sent();
  other.receive(turn.snapshot);
  assert.equal(other.receive({ type: "delta", requestId: "r", run: 1, seq: 2, text: " 둘" }), "changed");
  assert.equal(other.answer, "하나 둘");
});

test("the progress of a reading shows that the question is accepted, until there is text", () => {
  const turn = sent();
  assert.equal(
    turn.receive({ type: "progress", requestId: "r", run: 1, stage: "noting", done: 1, total: 3 }),
    "changed",
  );
  assert.deepEqual([turn.status, turn.progress.done], ["waiting", 1]);
  turn.receive({ type: "delta", requestId: "r", run: 1, seq: 1, text: "요약" });
  assert.deepEqual([turn.status, turn.progress], ["answering", null]);
});

test("the progress of an earlier run is ignored", () => {
  const turn = sent();
  turn.receive({ type: "snapshot", requestId: "r", run: 2, seq: 0, text: "" });
  const late = { type: "progress", requestId: "r", run: 1, stage: "noting", done: 1, total: 3 };
  assert.equal(turn.receive(late), "ignored");
});

test("sources come with the end of an answer and with the history", () => {
  const sources = [{ n: 1, documentId: "d", name: "규정.hwp", unit: "page", unitName: "3", part: 4, text: "제3조" }];
  const turn = sent();
  turn.receive({ type: "delta", requestId: "r", run: 1, seq: 1, text: "네 [1]" });
  turn.receive({ type: "done", requestId: "r", run: 1, seq: 1, stopReason: "stop", sources });
  assert.deepEqual(turn.sources, sources);
  assert.deepEqual(stored({ status: "done", answer: "네 [1]", sources }).sources, sources);
  assert.deepEqual(stored({ status: "done", answer: "네" }).sources, []);
});
