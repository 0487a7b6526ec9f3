import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, test } from "node:test";
import details from "../../html/js/text/details.js";
import documents from "../../html/js/text/documents.js";
import en from "../../html/js/text/en.js";
import ko from "../../html/js/text/ko.js";
import rename from "../../html/js/text/rename.js";
import search from "../../html/js/text/search.js";
import settingsEn from "../../html/js/text/settings-en.js";
import settingsKo from "../../html/js/text/settings-ko.js";
import signIn from "../../html/js/text/sign_in.js";
import { addMessages, failureText, plural, setLanguage, t } from "../../html/js/text.js";
import { fakeDocument } from "./fakes.js";

const MARKUP = readFileSync(new URL("../../html/index.html", import.meta.url), "utf-8");

beforeEach(() => fakeDocument());

/** The keys of messages, each with its placeholders. */
function placeholders(messages) {
  const inText = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
  const entries = Object.entries(messages).map(([key, text]) => [
    key,
    typeof text === "string" ? inText(text) : key === "failed" ? placeholders(text) : inText(text.other),
  ]);
  return Object.fromEntries(entries);
}

test("both languages have the same messages with the same placeholders", () => {
  const inMarkup = [...MARKUP.matchAll(/data-(?:text|label|placeholder)="(\w+)"/g)].map(([, key]) => [key, []]);
  assert.deepEqual(placeholders({ ...en }), { ...Object.fromEntries(inMarkup), ...placeholders(ko) });
  assert.deepEqual(placeholders(settingsKo), placeholders(settingsEn));
  for (const texts of [details, documents, rename, search, signIn])
    assert.deepEqual(placeholders(texts.ko), placeholders(texts.en));
});

test("no message of the settings hides one of the page", () => {
  assert.deepEqual(
    Object.keys(settingsKo).filter((key) => key in ko),
    [],
  );
});

test("a failure is said in words, an unknown one, too", () => {
  process.env.TZ = "Asia/Seoul";
  const at = Date.parse("2026-11-22T14:59:00Z");
  const quota = "오늘 쓸 수 있는 양을 모두 썼어요. 11월 23일 오전 12:00부터 다시 쓸 수 있어요.";
  assert.equal(failureText("quota_exceeded", at), quota);
  assert.equal(failureText("something_new"), "문제가 생겨 답변하지 못했어요. 다시 시도해 주세요.");
});

test("counts follow the plural rules of the language", async () => {
  addMessages(search.ko);
  assert.equal(plural("searchFound", 1), "1곳을 찾았어요.");
  await setLanguage("en");
  addMessages(search.en);
  assert.deepEqual(
    [1, 2].map((count) => plural("searchFound", count)),
    ["1 place found.", "2 places found."],
  );
  assert.equal(t("tooLong", { over: 3 }), "Shorten by 3 characters to send.");
});
