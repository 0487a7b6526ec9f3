import assert from "node:assert/strict";
import test from "node:test";
import { detectTargetLanguage } from "../../html/js/translation.js";

test("a Korean text is translated into English, any other into Korean", () => {
  for (const text of ["안녕", "AWS Lambda에서 DynamoDB를 읽어요", "ㅋㅋ", "회의 at 5"]) {
    assert.equal(detectTargetLanguage(text), "en", text);
  }
  for (const text of ["Hello", "Please tell 김서연 that the meeting is at 5", "こんにちは", "你好", "1st"]) {
    assert.equal(detectTargetLanguage(text), "ko", text);
  }
});

test("a text without words has no direction", () => {
  for (const text of ["", " \n", "123 456", "?!"]) assert.equal(detectTargetLanguage(text), null);
});
