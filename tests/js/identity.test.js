import assert from "node:assert/strict";
import { test } from "node:test";
import { GuestIdentity } from "../../html/js/identity/guest.js";
import { Guests, isSecret } from "../../html/js/identity/transfer.js";
import { DRAFT, OUTBOX_PREFIX, SECRET } from "../../html/js/keys.js";
import { memoryStorage } from "./fakes.js";

const [HERE, THERE] = ["A", "B"].map((letter) => letter.repeat(43));

test("a guest's secret is made once, and has its form", () => {
  const storage = memoryStorage();
  const identity = new GuestIdentity(storage);
  assert.equal(identity.isNew, true);
  const token = identity.token();
  assert.equal(isSecret(token), true);
  assert.equal(identity.isNew, false);
  assert.equal(new GuestIdentity(storage).token(), token);
});

test("a text of another form is not a secret", () => {
  for (const text of ["", "A".repeat(42), "A".repeat(44), "가".repeat(43), `${"A".repeat(42)}!`]) {
    assert.equal(isSecret(text), false, text);
  }
});

test("a replaced guest is kept with the unsent questions and the draft, and gets them back", () => {
  const unsent = { [`${OUTBOX_PREFIX}r`]: "{}", [DRAFT]: "쓰다 만 글" };
  const storage = memoryStorage({ [SECRET]: HERE, ...unsent });
  const guests = new Guests(storage);
  assert.equal(guests.hasUnsent, true);
  guests.switchTo(THERE);
  assert.equal(guests.secret, THERE);
  assert.equal(guests.hasUnsent, false);
  assert.deepEqual(
    guests.previous.map(({ secret, own }) => [secret, own]),
    [[HERE, unsent]],
  );
  guests.switchTo(HERE);
  assert.equal(storage.get(DRAFT), "쓰다 만 글");
  assert.deepEqual(
    guests.previous.map(({ secret }) => secret),
    [THERE],
  );
});

test("no guest is kept twice, and a forgotten one not at all", () => {
  const guests = new Guests(memoryStorage({ [SECRET]: HERE }));
  const third = "C".repeat(43);
  for (const secret of [THERE, third, HERE]) guests.switchTo(secret);
  assert.deepEqual(
    guests.previous.map(({ secret }) => secret),
    [third, THERE],
  );
  guests.forget(third);
  guests.forget(THERE);
  assert.deepEqual(guests.previous, []);
});

test("a guest without conversations need not be kept", () => {
  const guests = new Guests(memoryStorage({ [SECRET]: HERE }));
  guests.switchTo(THERE, false);
  assert.deepEqual([guests.secret, guests.previous], [THERE, []]);
});
