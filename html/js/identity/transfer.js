import { forgetKept, PREVIOUS_GUESTS, SECRET, unsentKeys } from "../keys.js";
import { FRAGMENT } from "./transfer_link.js";

/** Return whether a text has the form of a guest's secret: 32 bytes in base64url. */
export const isSecret = (text) => /^[\w-]{43}$/.test(text);

/**
 * The guests of this browser: the current one, and previous ones that a transfer has replaced. A previous guest is
 * kept with the questions and the draft that were not sent, and can become the current one again.
 * @typedef {{ secret: string, at: string, own: Record<string, string> }} PreviousGuest `own`: unsent items by key
 */
export class Guests {
  #storage;

  /** @param {import("../storage.js").Storage} storage */
  constructor(storage) {
    this.#storage = storage;
  }

  get secret() {
    return this.#storage.get(SECRET);
  }

  /** @returns {PreviousGuest[]} latest first */
  get previous() {
    return this.#storage.getJson(PREVIOUS_GUESTS) ?? [];
  }

  /** Whether there are questions or a draft that the history does not have. */
  get hasUnsent() {
    return unsentKeys(this.#storage).some((key) => this.#storage.get(key));
  }

  get transferLink() {
    return new URL(FRAGMENT + this.secret, new URL(location.pathname, location.href)).href;
  }

  /**
   * Make the guest with this secret the current one. `keep`: whether to keep the one that it replaces. Resolves when this
   * device no longer keeps conversations of that one.
   */
  async switchTo(secret, keep = true) {
    const current = { secret: this.secret, at: new Date().toISOString(), own: this.#takeUnsent() };
    const others = this.previous.filter((guest) => guest.secret !== secret);
    const returning = this.previous.find((guest) => guest.secret === secret);
    this.#store(keep && current.secret ? [current, ...others] : others);
    this.#storage.set(SECRET, secret);
    for (const [key, value] of Object.entries(returning?.own ?? {})) this.#storage.set(key, value);
    await forgetKept();
  }

  forget(secret) {
    this.#store(this.previous.filter((guest) => guest.secret !== secret));
  }

  #store(guests) {
    if (guests.length > 0) this.#storage.set(PREVIOUS_GUESTS, JSON.stringify(guests));
    else this.#storage.remove(PREVIOUS_GUESTS);
  }

  #takeUnsent() {
    const entries = unsentKeys(this.#storage).map((key) => [key, this.#storage.get(key)]);
    for (const [key] of entries) this.#storage.remove(key);
    return Object.fromEntries(entries);
  }
}
