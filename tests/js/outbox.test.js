import assert from "node:assert/strict";
import { test } from "node:test";
import { setFeatures } from "../../html/js/protocol.js";
import { Outbox } from "../../html/js/state/outbox.js";
import { Turn } from "../../html/js/state/turn.js";
import { memoryStorage } from "./fakes.js";

test("an unaccepted question comes back as it was, in the order of asking", () => {
  const outbox = new Outbox(memoryStorage(), memoryStorage());
  setFeatures(["mode.chat", "mode.translate", "chat.target_language"]);
  const translation = { mode: "translate", targetLanguage: "ko", requestId: "a" };
  const later = Object.assign(Turn.create("c", "둘", translation), { askedAt: 2 });
  const earlier = Object.assign(Turn.create("c", "하나", { requestId: "b" }), { askedAt: 1 });
  for (const turn of [later, earlier]) outbox.put(turn);
  const turns = outbox.turns();
  assert.deepEqual(
    turns.map(({ requestId, question, mode, status }) => [requestId, question, mode, status]),
    [
      ["b", "하나", "chat", "queued"],
      ["a", "둘", "translate", "queued"],
    ],
  );
  assert.equal(turns[1].request.target_language, "ko");
  assert.deepEqual(turns[1].request, later.request);
});

test("a variant comes back with its place, and is sent as it was", () => {
  setFeatures(["chat.parent", "chat.variant_of", "chat.wish", "chat.model"]);
  const outbox = new Outbox(memoryStorage(), memoryStorage());
  const branch = { parent: "p", variantOf: "v", wish: "simpler", model: "meta.llama3" };
  const turn = Turn.create("c", "질문", { requestId: "a", ...branch });
  outbox.put(turn);
  assert.equal(JSON.stringify(outbox.turns()[0].request), JSON.stringify(turn.request));
  assert.equal(turn.request.wish, "simpler");
  assert.equal(turn.request.model, "meta.llama3");
});

test("a refused question comes back as failed, with its reason and time", () => {
  const outbox = new Outbox(memoryStorage(), memoryStorage());
  const refusal = { code: "quota_exceeded", retryable: false, at: 5 };
  outbox.put(Object.assign(Turn.create("c", "질문", { requestId: "a" }), { refusal }));
  const [turn] = outbox.turns();
  assert.deepEqual([turn.status, turn.code, turn.retryable, turn.refusal], ["failed", refusal.code, false, refusal]);
});

test("a removed question does not come back", () => {
  const outbox = new Outbox(memoryStorage(), memoryStorage());
  const turn = Turn.create("c", "질문", {});
  outbox.put(turn);
  outbox.remove(turn);
  assert.deepEqual([outbox.has(turn), outbox.turns()], [false, []]);
});

test("a question of a temporary conversation is kept in its tab alone", () => {
  const [storage, tabStorage] = [memoryStorage(), memoryStorage()];
  setFeatures(["chat.temporary"]);
  const turn = Turn.create("c", "비밀", { requestId: "a", temporary: true });
  new Outbox(storage, tabStorage).put(turn);
  assert.deepEqual(storage.keys(""), []);
  assert.equal(new Outbox(storage, memoryStorage()).has(turn), false);
  const [kept] = new Outbox(storage, tabStorage).turns();
  assert.deepEqual(kept.request, turn.request);
  assert.equal(kept.request.temporary, true);
  new Outbox(storage, tabStorage).remove(kept);
  assert.deepEqual(tabStorage.keys(""), []);
});

test("an entry that is not a question does not keep the page from loading", () => {
  const storage = memoryStorage();
  storage.set("seoyeon.outbox.a", "{");
  storage.set("seoyeon.outbox.b", "null");
  storage.set("seoyeon.outbox.c", JSON.stringify({ mode: "chat" }));
  storage.set("seoyeon.outbox.d", JSON.stringify({ conversationId: "c", text: "질문", mode: "chat", at: 1 }));
  const questions = new Outbox(storage, memoryStorage()).turns().map((turn) => turn.question);
  assert.deepEqual(questions, ["질문"]);
});
