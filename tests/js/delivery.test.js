import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { setFeatures } from "../../html/js/protocol.js";
import { resumeDelay } from "../../html/js/state/delivery.js";
import { Turn } from "../../html/js/state/turn.js";
import { askQuestion, beginAnswer, CONVERSATION_ID, memoryStorage, REQUEST_ID } from "./fakes.js";

const count = (socket, action) => socket.actions().filter((other) => other === action).length;

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

test("patience is short in mid-answer and long before it", () => {
  const delays = (status) => [0, 1, 2, 3, 20].map((requests) => resumeDelay(status, requests));
  const short = [2_200, 500, 500, 1_000, 10_000];
  assert.deepEqual(delays("waiting"), Array(5).fill(10_000));
  assert.deepEqual(delays("answering"), short);
  assert.deepEqual(delays("stopping"), short);
});

test("a delta before accepted is acceptance", () => {
  const { turn, receive } = askQuestion();
  receive("delta", { run: 1, seq: 1, text: "안녕" });
  receive("accepted", { createdAt: "2026-11-22T03:04:05Z" });
  receive("delta", { run: 1, seq: 2, text: "하세요." });
  receive("done", { run: 1, seq: 2, stopReason: "stop" });
  assert.equal(turn.answer, "안녕하세요.");
  assert.equal(turn.status, "done");
});

test("frames that come twice change nothing", () => {
  const { socket, turn, receive } = askQuestion();
  for (const _ of [1, 2]) {
    receive("accepted", { createdAt: "2026-11-22T03:04:05Z" });
    receive("delta", { run: 1, seq: 1, text: "안녕" });
  }
  for (const _ of [1, 2]) {
    receive("delta", { run: 1, seq: 2, text: "하세요." });
    receive("delta", { run: 1, seq: 1, text: "안녕" });
  }
  for (const _ of [1, 2]) receive("done", { run: 1, seq: 2, stopReason: "stop" });
  assert.equal(turn.answer, "안녕하세요.");
  assert.deepEqual(socket.actions(), ["chat"]);
});

test("a gap asks for a snapshot", () => {
  const { socket, turn, receive } = beginAnswer();
  receive("delta", { run: 1, seq: 3, text: "셋" });
  assert.deepEqual(socket.sent.at(-1), { action: "resume", request_id: REQUEST_ID });
  assert.equal(turn.answer, "하나 ");
  receive("snapshot", { run: 1, seq: 3, text: "하나 둘 셋" });
  receive("done", { run: 1, seq: 3, stopReason: "stop" });
  assert.equal(turn.answer, "하나 둘 셋");
  assert.equal(turn.status, "done");
});

test("a missing last piece is asked for", () => {
  const { socket, turn, receive } = beginAnswer();
  receive("done", { run: 1, seq: 2, stopReason: "stop" });
  assert.equal(count(socket, "resume"), 1);
  receive("snapshot", { run: 1, seq: 2, text: "하나 둘" });
  receive("done", { run: 1, seq: 2, stopReason: "stop" });
  assert.equal(turn.answer, "하나 둘");
  assert.equal(turn.status, "done");
});

test("a higher run asks, and an older one is ignored", () => {
  const { socket, turn, receive } = beginAnswer("처음 ");
  receive("delta", { run: 2, seq: 1, text: "다음" });
  assert.equal(count(socket, "resume"), 1);
  receive("snapshot", { run: 2, seq: 1, text: "처음 다음" });
  receive("delta", { run: 1, seq: 2, text: "옛것" });
  receive("snapshot", { run: 1, seq: 9, text: "옛것" });
  receive("delta", { run: 2, seq: 2, text: "!" });
  receive("done", { run: 2, seq: 2, stopReason: "stop" });
  assert.equal(turn.answer, "처음 다음!");
  assert.equal(turn.status, "done");
});

test("many pieces after a gap ask once", () => {
  const { socket, turn, receive } = beginAnswer();
  for (let seq = 3; seq < 40; seq += 1) receive("delta", { run: 1, seq, text: "…" });
  receive("done", { run: 1, seq: 40, stopReason: "stop" });
  assert.equal(count(socket, "resume"), 1);
  receive("snapshot", { run: 1, seq: 40, text: "하나 둘 끝" });
  receive("done", { run: 1, seq: 40, stopReason: "stop" });
  assert.equal(turn.answer, "하나 둘 끝");
  assert.equal(turn.status, "done");
});

test("unknown frames and those of unknown turns are ignored", () => {
  const { socket, turn, receive } = askQuestion();
  receive("tomorrow", { text: "?" });
  socket.emit("frame", { type: "delta", requestId: "another", run: 1, seq: 1, text: "남의 것" });
  assert.deepEqual([turn.status, turn.answer], ["sending", ""]);
  receive("delta", { run: 1, seq: 1, text: "네." });
  assert.equal(turn.answer, "네.");
});

test("a question in a mode that the functions do not know is refused without being sent", () => {
  const { socket, delivery, outbox, turn, receive } = askQuestion();
  receive("done", { run: 1, seq: 0, stopReason: "stop" });
  socket.sent = [];
  const summary = Turn.create(turn.conversationId, "요약해 줘", { mode: "summary" });
  delivery.follow(summary);
  assert.deepEqual([summary.status, summary.code, summary.retryable], ["failed", "bad_request", false]);
  assert.ok(outbox.has(summary));
  const next = Turn.create(turn.conversationId, "안녕", {});
  delivery.follow(next);
  assert.deepEqual(
    socket.sent.map(({ request_id }) => request_id),
    [next.requestId],
  );
});

test("a queued question gets its parent when the turn before it ends", () => {
  setFeatures(["mode.chat", "chat.parent"]);
  const { socket, delivery, turn, receive } = askQuestion();
  const next = Turn.create(turn.conversationId, "둘", { after: REQUEST_ID });
  const last = Turn.create(turn.conversationId, "셋", { after: next.requestId });
  for (const queued of [next, last]) delivery.follow(queued);
  delivery.discard(next);
  receive("done", { run: 1, seq: 0, stopReason: "stop", turnId: "the first" });
  assert.equal(socket.sent.at(-1).request_id, last.requestId);
  assert.equal(socket.sent.at(-1).parent, "the first");
  setFeatures(["mode.chat", "mode.translate", "mode.grammar"]);
});

test("a question with a parent does not wait for an answer on another branch", () => {
  const { socket, delivery, turn } = beginAnswer();
  const variant = Turn.create(turn.conversationId, "안녕하세요", { parent: "root" });
  delivery.follow(variant);
  delivery.follow(Turn.create(turn.conversationId, "둘", {}));
  assert.equal(socket.sent.at(-1).request_id, variant.requestId);
});

test("a failure without a request id is reported", () => {
  const { delivery, socket } = askQuestion();
  const codes = [];
  delivery.on("refused", ({ detail }) => codes.push(detail.code));
  socket.emit("frame", { type: "failed", requestId: null, code: "bad_request", message: "", retryable: false });
  assert.deepEqual(codes, ["bad_request"]);
});

test("a busy reply to a request about an answer does not end it", () => {
  const { turn, receive } = beginAnswer();
  receive("failed", { code: "busy", retryable: true });
  receive("delta", { run: 1, seq: 2, text: "둘" });
  receive("done", { run: 1, seq: 2, stopReason: "stop" });
  assert.equal(turn.answer, "하나 둘");
  assert.equal(turn.status, "done");
});

test("a slow model is not taken for a dead one", () => {
  const { socket, turn, receive } = askQuestion();
  receive("accepted", { createdAt: "2026-11-22T03:04:05Z" });
  receive("snapshot", { run: 1, seq: 0, text: "" });
  mock.timers.tick(9_000);
  assert.equal(count(socket, "resume"), 0);
  assert.equal(turn.status, "waiting");
});

test("a snapshot without new text is no progress", () => {
  const { socket, turn, receive } = beginAnswer();
  mock.timers.tick(2_300);
  receive("snapshot", { run: 1, seq: 1, text: "하나 " });
  mock.timers.tick(300);
  assert.equal(turn.interruption, "resuming");
  mock.timers.tick(200);
  assert.equal(count(socket, "resume"), 2);
});

test("an answer that stays silent has stalled, and a new text ends that", () => {
  const { turn, receive } = beginAnswer();
  for (let second = 0; second < 20; second += 1) mock.timers.tick(1_000);
  assert.equal(turn.interruption, "stalled");
  receive("delta", { run: 1, seq: 2, text: "둘" });
  assert.equal(turn.interruption, null);
});

test("a continue that was lost is sent again, until a higher run begins", () => {
  const { socket, delivery, turn, receive } = beginAnswer();
  receive("done", { run: 1, seq: 1, stopReason: "length" });
  delivery.continue(turn);
  mock.timers.tick(10_500);
  assert.equal(count(socket, "continue"), 2);
  socket.emit("state", "waiting");
  assert.equal(turn.interruption, "lost");
  socket.emit("open");
  assert.equal(count(socket, "continue"), 3);
  assert.equal(count(socket, "resume"), 0);
  receive("done", { run: 1, seq: 1, stopReason: "length" });
  receive("snapshot", { run: 2, seq: 0, text: "하나 " });
  mock.timers.tick(10_500);
  assert.equal(count(socket, "resume"), 1);
  assert.equal(count(socket, "continue"), 3);
  receive("delta", { run: 2, seq: 1, text: "둘" });
  receive("done", { run: 2, seq: 1, stopReason: "stop" });
  assert.equal(turn.answer, "하나 둘");
  assert.equal(turn.status, "done");
});

test("a stop is repeated until the end is known", () => {
  const { socket, delivery, turn, receive } = beginAnswer();
  delivery.stop(turn);
  mock.timers.tick(2_500);
  assert.equal(count(socket, "stop"), 2);
  assert.equal(count(socket, "resume"), 1);
  receive("snapshot", { run: 1, seq: 1, text: "하나 " });
  receive("done", { run: 1, seq: 1, stopReason: "cancelled" });
  assert.deepEqual([turn.status, turn.stopReason], ["done", "cancelled"]);
  for (let second = 0; second < 60; second += 1) mock.timers.tick(1_000);
  assert.equal(count(socket, "stop"), 2);
});

test("the outbox keeps a question until its answer ends", () => {
  const storage = memoryStorage();
  const { outbox, turn, receive } = askQuestion(storage);
  assert.equal(outbox.has(turn), true);
  receive("delta", { run: 1, seq: 1, text: "네." });
  assert.deepEqual(outbox.turns()[0].request, { action: "resume", request_id: REQUEST_ID });
  receive("done", { run: 1, seq: 1, stopReason: "stop" });
  assert.equal(outbox.has(turn), false);
});

test("questions wait for documents, and other tabs do not know them until they are sent", () => {
  const { socket, delivery, tabs, receive } = askQuestion();
  receive("done", { run: 1, seq: 0, stopReason: "stop" });
  const [first, second] = ["첫째", "둘째"].map((question) => Turn.create(CONVERSATION_ID, question, {}));
  delivery.hold(CONVERSATION_ID, true);
  for (const turn of [first, second]) delivery.follow(turn);
  assert.deepEqual([first.status, first.interruption, second.interruption], ["queued", "held", null]);
  assert.deepEqual(tabs.announced, ["안녕"]);
  assert.equal(count(socket, "chat"), 1);
  delivery.hold(CONVERSATION_ID, false);
  assert.deepEqual([first.status, first.interruption], ["sending", null]);
  assert.deepEqual(tabs.announced, ["안녕", "첫째", "둘째"]);
  assert.equal(count(socket, "chat"), 2);
});
