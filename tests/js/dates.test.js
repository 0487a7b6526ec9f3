import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ageGroup, formatDayAndTime, formatMoment, formatNumber, quotaRenewal } from "../../html/js/dates.js";
import { fakeDocument } from "./fakes.js";

beforeEach(() => {
  process.env.TZ = "Asia/Seoul";
  fakeDocument();
});

test("the groups go by the reader's calendar", () => {
  const midnight = Date.parse("2026-11-21T15:00:00Z"); // of November 22 in Seoul
  const hour = 3_600_000;
  const group = (time) => ageGroup(new Date(time).toISOString(), midnight + 11 * hour);
  assert.equal(group(midnight + 10 * hour), "today");
  assert.equal(group(midnight), "today");
  assert.equal(group(midnight - 1_000), "week");
  assert.equal(group(midnight - 7 * 24 * hour), "week");
  assert.equal(group(midnight - 7 * 24 * hour - 1_000), "older");
});

test("a quota is renewed at midnight in Korea, in any time zone", () => {
  for (const zone of ["Asia/Seoul", "America/New_York"]) {
    process.env.TZ = zone;
    assert.equal(quotaRenewal(Date.parse("2026-11-22T14:59:00Z")), Date.parse("2026-11-22T15:00:00Z"));
    assert.equal(quotaRenewal(Date.parse("2026-11-22T15:00:00Z")), Date.parse("2026-11-23T15:00:00Z"));
  }
});

test("a time is shown with its age: minutes, hours, then calendar days", () => {
  const now = Date.parse("2026-11-22T14:00:00Z");
  const ages = ["2026-11-22T13:59:50Z", "2026-11-22T13:15:00Z", "2026-11-22T09:00:00Z", "2026-11-20T09:00:00Z"];
  assert.deepEqual(
    ages.map((time) => formatMoment(time, now).replace(/^.*\(/, "(")),
    ["(방금)", "(45분 전)", "(5시간 전)", "(그저께)"],
  );
  assert.equal(formatMoment("2026-11-20T09:00:00Z", now), "2026년 11월 20일 오후 6:00 (그저께)");
});

test("times and numbers follow the language", () => {
  const time = Date.parse("2026-11-22T15:00:00Z");
  assert.equal(formatDayAndTime(time), "11월 23일 오전 12:00");
  fakeDocument("en");
  assert.equal(formatDayAndTime(time), "November 23 at 12:00 AM");
  assert.equal(formatNumber(1234), "1,234");
});
