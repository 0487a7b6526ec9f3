import assert from "node:assert/strict";
import { test } from "node:test";
import { Conversations } from "../../html/js/state/conversations.js";

const item = (id, day) => ({ conversationId: id, title: id, lastActivityAt: `2026-11-${day}T09:00:00+00:00` });
const ids = (conversations) => conversations.items.map(({ conversationId }) => conversationId);

/** A list whose pages arrive when the test says so. */
function open() {
  const replies = [];
  const api = {
    conversations: () => new Promise((resolve) => replies.push(resolve)),
    remove: async () => {},
    removeAll: async () => {},
  };
  const reply = async (conversations, nextCursor = null) => {
    replies.shift()({ conversations, nextCursor });
    await new Promise(setImmediate);
  };
  return { api, conversations: new Conversations(api), reply };
}

test("a list that arrives late keeps a new conversation, first", async () => {
  const { conversations, reply } = open();
  conversations.load();
  conversations.touch("new", "첫 질문\n둘째 줄");
  await reply([item("a", 20)]);
  assert.deepEqual(ids(conversations), ["new", "a"]);
  assert.equal(conversations.find("new").title, "첫 질문");
});

test("a list that arrives late keeps a known conversation at the top", async () => {
  const { conversations, reply } = open();
  conversations.load();
  conversations.touch("b", "질문");
  await reply([item("a", 20), item("b", 19)]);
  assert.deepEqual(ids(conversations), ["b", "a"]);
});

test("a conversation that the server has listed and no longer lists is gone", async () => {
  const { conversations, reply } = open();
  conversations.touch("new", "질문");
  for (const page of [[item("new", 21)], []]) {
    conversations.load();
    await reply(page);
  }
  assert.deepEqual(ids(conversations), []);
});

test("deleted conversations do not come back with a late list", async () => {
  const { conversations, reply } = open();
  conversations.touch("new", "질문");
  await conversations.removeAll();
  conversations.load();
  await reply([]);
  assert.deepEqual(ids(conversations), []);
});

test("a refresh shows other devices' conversations, and keeps the pages after the first", async () => {
  const { conversations, reply } = open();
  conversations.load();
  await reply([item("b", 20), item("a", 19)], "next");
  conversations.loadMore();
  await reply([item("old", 10)]);
  conversations.refresh();
  await reply([item("c", 21), item("b", 20)], "next");
  assert.deepEqual(ids(conversations), ["c", "b", "a", "old"]);
  assert.equal(conversations.hasMore, false);
  conversations.refresh();
  await reply([item("c", 21)]);
  assert.deepEqual(ids(conversations), ["c"]);
});

test("pinned conversations stay first, also after a question in another one", async () => {
  const { conversations, reply } = open();
  conversations.load();
  await reply([{ ...item("p", 10), pinned: true }, item("a", 20), item("b", 19)]);
  conversations.touch("b", "질문");
  assert.deepEqual(ids(conversations), ["p", "b", "a"]);
});

test("a pin moves a conversation at once, and back if it cannot be saved", async () => {
  const { api, conversations, reply } = open();
  conversations.load();
  await reply([item("a", 20), item("b", 19)]);
  const changes = [];
  api.change = async (id, change) => changes.push([id, change]);
  await conversations.pin("b", true);
  assert.deepEqual(ids(conversations), ["b", "a"]);
  assert.deepEqual(changes, [["b", { pinned: true }]]);
  api.change = async () => Promise.reject(new Error("refused"));
  const saved = conversations.pin("b", false);
  assert.deepEqual(ids(conversations), ["a", "b"]);
  await assert.rejects(saved);
  assert.deepEqual(ids(conversations), ["b", "a"]);
});

test("a refresh moves a conversation that another device has pinned from a later page", async () => {
  const { conversations, reply } = open();
  conversations.load();
  await reply([item("a", 20)], "next");
  conversations.loadMore();
  await reply([item("b", 19), item("c", 18)]);
  conversations.refresh();
  await reply([{ ...item("c", 18), pinned: true }, item("a", 20)], "next");
  assert.deepEqual(ids(conversations), ["c", "a", "b"]);
});

test("a conversation is switched to do without instructions once that is saved", async () => {
  const { api, conversations, reply } = open();
  conversations.load();
  await reply([{ ...item("a", 20), instructions: true }]);
  api.change = async () => Promise.reject(new Error("refused"));
  await assert.rejects(conversations.useInstructions("a", false));
  assert.equal(conversations.find("a").instructions, true);
  const changes = [];
  api.change = async (id, change) => changes.push([id, change]);
  await conversations.useInstructions("a", false);
  assert.equal(conversations.find("a").instructions, false);
  assert.deepEqual(changes, [["a", { instructions: false }]]);
});
