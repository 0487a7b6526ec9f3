import assert from "node:assert/strict";
import { test } from "node:test";
import { setFeatures } from "../../html/js/protocol.js";
import { fakeDocument } from "./fakes.js";

fakeDocument();
const { closeFence, Exporter } = await import("../../html/js/export.js");

const SOURCE = {
  n: 1,
  documentId: "d",
  name: "규정_2.hwp",
  unit: "page",
  unitName: "3",
  part: 4,
  text: "제3조\n*15일*",
};
const TURN = { question: "며칠?", answer: "15일 [1]", createdAt: "2026-11-22T03:04:05Z", sources: [SOURCE] };

/** Export a conversation with a document. */
async function exported(format) {
  const api = {
    turns: async () => ({ turns: [TURN], nextCursor: null }),
    documents: async () => [{ documentId: "d", name: "규정_2.hwp", size: 10 }],
  };
  const exporter = new Exporter(api, format, [{ conversationId: "c", title: "휴가" }]);
  await exporter.collect(new AbortController().signal, () => {});
  return exporter.createBlob().text();
}

test("an export names the documents and the sources", async () => {
  setFeatures(["documents"]);
  const markdown = await exported("markdown");
  assert.match(markdown, /^# 휴가\n\nexportDocuments\n\n- 규정\\_2\.hwp\n\n## 나/);
  assert.match(markdown, /15일 \[1\]\n\nexportSources\n\n- \[1\] 규정\\_2\.hwp, 3쪽: 제3조 \\\*15일\\\*\n/);
  const [conversation] = JSON.parse(await exported("json")).conversations;
  assert.deepEqual(conversation.documents, [{ document_id: "d", name: "규정_2.hwp", size: 10 }]);
  assert.deepEqual(conversation.turns[0].sources[0].unit_name, "3");
});

test("an export from functions without documents has none", async () => {
  setFeatures([]);
  const [conversation] = JSON.parse(await exported("json")).conversations;
  assert.deepEqual(conversation.documents, []);
});

test("a code block that was cut off is closed", () => {
  for (const [cut, whole] of [
    ["```\n코드", "```\n코드\n```"],
    ["```\n코드\n```", "```\n코드\n```"],
    ["~~~~md\n```\n~~~", "~~~~md\n```\n~~~\n~~~~"],
    ["글 ```줄 안``` 글", "글 ```줄 안``` 글"],
    ["```한 줄```", "```한 줄```"],
    ["- 목록\n   ```js\n   x", "- 목록\n   ```js\n   x\n```"],
  ]) {
    assert.equal(closeFence(cut), whole);
  }
});
