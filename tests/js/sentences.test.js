import assert from "node:assert/strict";
import { test } from "node:test";
import { splitSentences } from "../../html/js/speech/sentences.js";

test("each line has its sentences", () => {
  const text = "안녕하세요. 반가워요!\n오늘은 3.5도예요\n";
  assert.deepEqual(splitSentences(text, true), ["안녕하세요.", "반가워요!", "오늘은 3.5도예요"]);
});

test("the last sentence of a growing text waits", () => {
  assert.deepEqual(splitSentences("안녕하세요. 반가", false), ["안녕하세요."]);
  assert.deepEqual(splitSentences("안녕하세요.\n반가워요.\n", false), ["안녕하세요."]);
});

test("sentences stay while a text grows", () => {
  const text = "첫째예요. 둘째예요!\n\n셋째인가요? 네, 그래요.\n1. 하나\n2. 둘\n";
  let before = [];
  for (let end = 0; end <= text.length; end += 1) {
    const sentences = splitSentences(text.slice(0, end), false);
    assert.deepEqual(sentences.slice(0, before.length), before, text.slice(0, end));
    before = sentences;
  }
  assert.deepEqual(splitSentences(text, true).slice(0, -1), before);
});

test("a line without words is not read", () => {
  assert.deepEqual(splitSentences("———\n😀\n네.", true), ["네."]);
});
