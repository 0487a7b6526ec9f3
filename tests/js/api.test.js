import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { HistoryApi } from "../../html/js/api.js";

let requests;
let responses;

beforeEach(() => {
  requests = [];
  globalThis.location = { href: "https://page.example/" };
  globalThis.fetch = async (url, { method, headers, body }) => {
    requests.push([method, url.pathname + url.search, headers.Authorization, body]);
    const [status, result] = responses.shift();
    return { ok: status < 400, status, json: async () => result };
  };
});

test("a page of turns has the page's names", async () => {
  responses = [[200, { turns: [{ request_id: "r", text: "질문", stop_reason: null }], next_cursor: "20" }]];
  const page = await new HistoryApi(() => "token").turns("c-1", "40");
  assert.deepEqual(page, { turns: [{ requestId: "r", question: "질문", stopReason: null }], nextCursor: "20" });
  assert.deepEqual(requests, [["GET", "/history?conversation_id=c-1&cursor=40", "Bearer token", undefined]]);
});

test("a prefetched page is returned once, with its error if it failed", async () => {
  responses = [
    [200, { turns: [], next_cursor: null }],
    [500, {}],
    [200, { turns: [], next_cursor: "20" }],
  ];
  const api = new HistoryApi(() => "token");
  api.prefetch("c-1");
  assert.deepEqual(await api.turns("c-1"), { turns: [], nextCursor: null });
  await assert.rejects(api.conversations(), { status: 500 });
  assert.deepEqual(
    requests.map(([, path]) => path),
    ["/history?conversation_id=c-1", "/history/conversations"],
  );
  assert.deepEqual(await api.turns("c-1"), { turns: [], nextCursor: "20" });
});

test("a refused token is renewed once", async () => {
  responses = [
    [401, {}],
    [200, { conversation_id: "c", title: "새 이름" }],
  ];
  const api = new HistoryApi(
    () => "old",
    async (refused) => `${refused}-renewed`,
  );
  assert.deepEqual(await api.change("c", { title: "새 이름" }), { conversationId: "c", title: "새 이름" });
  assert.deepEqual(
    requests.map(([, , authorization]) => authorization),
    ["Bearer old", "Bearer old-renewed"],
  );
});

test("a refused token without a renewal is an error with its status", async () => {
  responses = [[401, {}]];
  await assert.rejects(new HistoryApi(() => "old").conversations(), { status: 401 });
});

test("a throttled request waits longer each time, says so, and gives up in the end", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  responses = [
    [429, {}],
    [429, {}],
    [200, { turns: [], next_cursor: null }],
  ];
  const api = new HistoryApi(() => "token");
  let waits = 0;
  api.on("throttled", () => {
    waits += 1;
  });
  const turns = api.turns("c");
  const settle = () => new Promise(setImmediate);
  for (const [time, sent] of [
    [200, 1],
    [300, 2],
    [400, 2],
    [700, 3],
  ]) {
    await settle();
    mock.timers.tick(time);
    await settle();
    assert.equal(requests.length, sent);
  }
  assert.deepEqual(await turns, { turns: [], nextCursor: null });
  assert.equal(waits, 2);
  responses = Array(6).fill([429, {}]);
  const refused = assert.rejects(api.turns("c"), { status: 429 });
  for (let attempt = 0; attempt < 6; attempt += 1) {
    await settle();
    mock.timers.tick(20_000);
  }
  await refused;
  mock.timers.reset();
});

test("a missing conversation counts as removed, a failure does not", async () => {
  responses = [
    [404, {}],
    [500, {}],
  ];
  const api = new HistoryApi(() => "token");
  await api.remove("a/b");
  assert.equal(requests[0][1], "/history/conversations/a%2Fb");
  await assert.rejects(api.remove("a"), { status: 500 });
});

test("instructions are read and stored as a text", async () => {
  responses = [
    [200, { text: "짧게" }],
    [200, { text: "길게" }],
  ];
  const api = new HistoryApi(() => "token");
  assert.equal(await api.instructions(), "짧게");
  assert.equal(await api.setInstructions(" 길게 "), "길게");
  assert.deepEqual(requests, [
    ["GET", "/history/instructions", "Bearer token", undefined],
    ["PUT", "/history/instructions", "Bearer token", '{"text":" 길게 "}'],
  ]);
});

test("a daily quota is not asked for again", async () => {
  responses = [[429, { code: "quota_exceeded" }]];
  await assert.rejects(new HistoryApi(() => "token").request("POST", "/history"), { code: "quota_exceeded" });
  assert.equal(requests.length, 1);
});

test("a text in a turn keeps its name, but for the question", async () => {
  responses = [
    [200, { turns: [{ text: "질문", sources: [{ n: 1, unit_name: "3", text: "제3조" }] }], next_cursor: null }],
  ];
  const { turns } = await new HistoryApi(() => "token").turns("c-1");
  assert.deepEqual(turns, [{ question: "질문", sources: [{ n: 1, unitName: "3", text: "제3조" }] }]);
});
