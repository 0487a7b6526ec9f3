import { randomBase64url } from "../base64url.js";
import { SECRET } from "../keys.js";

const SECRET_BYTES = 32;

/** The identity of a guest: a random secret that is the bearer token. The server derives the user id from its hash. */
export class GuestIdentity {
  #storage;
  #secret;

  /** @param {import("../storage.js").Storage} storage */
  constructor(storage) {
    this.#storage = storage;
  }

  /** Whether this browser has no secret yet, and therefore no history to load. */
  get isNew() {
    return this.#storage.get(SECRET) === null;
  }

  token() {
    this.#secret ??= this.#storage.get(SECRET) ?? this.#createSecret();
    return this.#secret;
  }

  #createSecret() {
    const secret = randomBase64url(SECRET_BYTES);
    this.#storage.set(SECRET, secret);
    return secret;
  }
}
