import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBase64url, encodeBase64url, randomBase64url } from "../../html/js/base64url.js";

test("bytes are encoded without padding, in the alphabet for URLs", () => {
  assert.equal(encodeBase64url(new Uint8Array([0xfb, 0xff, 0xfe, 0x01])), "-__-AQ");
  assert.equal(decodeBase64url("-__-AQ"), "\xfb\xff\xfe\x01");
});

test("32 random bytes have 43 characters", () => {
  const made = [1, 2].map(() => randomBase64url(32));
  for (const text of made) assert.match(text, /^[A-Za-z0-9_-]{43}$/);
  assert.notEqual(made[0], made[1]);
});
