import { randomText } from "./base64url.js";

/** Where this browser keeps it. */
export const SECRET = "seoyeon.secret";
const BYTES = 32;

/**
 * The guest's secret (contract B): 256 random bits as base64url, 43 characters.
 * It is the bearer token; the user id is its hash, which only the server computes.
 */
export class GuestIdentity {
  #storage;
  #secret;

  constructor(storage) {
    this.#storage = storage;
  }

  /** Whether nobody was here before, so that there is no history to wait for. */
  get isNew() {
    return this.#storage.get(SECRET) === null;
  }

  token() {
    this.#secret ??= this.#storage.get(SECRET) ?? this.#create();
    return this.#secret;
  }

  #create() {
    const secret = randomText(BYTES);
    this.#storage.set(SECRET, secret);
    return secret;
  }
}
