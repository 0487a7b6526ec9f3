import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff } from "../../html/js/backoff.js";

test("waits grow and are random", () => {
  const range = (attempt) => [backoff(attempt, () => 0), backoff(attempt, () => 1)];
  const ranges = [
    [250, 500],
    [500, 1000],
    [1000, 2000],
    [2000, 4000],
    [10000, 20000],
  ];
  assert.deepEqual([0, 1, 2, 3, 9].map(range), ranges);
});
