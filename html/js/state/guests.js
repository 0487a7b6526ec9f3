import { SECRET } from "../identity.js";
import { FRAGMENT } from "./moved.js";

const KEPT = "seoyeon.kept";
const OWN = ["seoyeon.outbox.", "seoyeon.draft"];
const FORM = /^[\w-]{43}$/;

export const isSecret = (text) => FORM.test(text);

/**
 * Which guest this browser is. Another one's secret takes the place of the present one, which is kept with
 * what belongs to it alone (unsent questions, drafts), so that there is a way back.
 */
export class Guests {
  #storage;

  constructor(storage) {
    this.#storage = storage;
  }

  get secret() {
    return this.#storage.get(SECRET);
  }

  /** Those who were here before, latest first: {secret, at, own}. */
  get kept() {
    try {
      return JSON.parse(this.#storage.get(KEPT)) ?? [];
    } catch {
      return [];
    }
  }

  /** Whether something was written here that is not in the history yet. */
  get hasOwn() {
    return this.#ownKeys().some((key) => this.#storage.get(key));
  }

  get link() {
    return new URL(FRAGMENT + this.secret, new URL(location.pathname, location)).href;
  }

  become(secret, keep = true) {
    const present = { secret: this.secret, at: new Date().toISOString(), own: this.#takeOwn() };
    const others = this.kept.filter((guest) => guest.secret !== secret);
    const before = this.kept.find((guest) => guest.secret === secret);
    this.#keep(keep && present.secret ? [present, ...others] : others);
    this.#storage.set(SECRET, secret);
    for (const [key, value] of Object.entries(before?.own ?? {})) this.#storage.set(key, value);
  }

  forget(secret) {
    this.#keep(this.kept.filter((guest) => guest.secret !== secret));
  }

  #keep(guests) {
    if (guests.length > 0) this.#storage.set(KEPT, JSON.stringify(guests));
    else this.#storage.remove(KEPT);
  }

  #takeOwn() {
    const entries = this.#ownKeys().map((key) => [key, this.#storage.get(key)]);
    for (const [key] of entries) this.#storage.remove(key);
    return Object.fromEntries(entries);
  }

  #ownKeys() {
    return OWN.flatMap((prefix) => this.#storage.keys(prefix));
  }
}
