import { encodeBase64url, randomText } from "./base64url.js";

const SECRET_BYTES = 32;
const PATIENCE_MS = 10_000;

/** The token endpoint said no: what was handed in is used up, revoked or forged. */
export class Denied extends Error {}

/**
 * The hosted sign-in as OAuth 2.0 has it: authorization code with PKCE for a client without a secret.
 * https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-userpools-server-contract-reference.html
 */
export class OAuth {
  #base;
  #clientId;
  #page = new URL("/", location).href;

  constructor({ url, client_id: clientId }) {
    this.#base = new URL(url, location);
    this.#clientId = clientId;
  }

  /** Where to send the person, and what to keep until they come back. */
  async begin(language) {
    const [state, verifier] = [randomText(SECRET_BYTES), randomText(SECRET_BYTES)];
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    const address = this.#address("/oauth2/authorize", {
      response_type: "code",
      redirect_uri: this.#page,
      scope: "openid email",
      state,
      code_challenge: encodeBase64url(new Uint8Array(digest)),
      code_challenge_method: "S256",
      lang: language,
    });
    return { address, state, verifier };
  }

  exchange(code, verifier) {
    return this.#grant({
      grant_type: "authorization_code",
      redirect_uri: this.#page,
      code,
      code_verifier: verifier,
    });
  }

  refresh(token) {
    return this.#grant({ grant_type: "refresh_token", refresh_token: token });
  }

  revoke(token) {
    return this.#post("/oauth2/revoke", { token });
  }

  /** Where the person is sent to be forgotten by the hosted sign-in, too; it sends them back. */
  get exit() {
    return this.#address("/logout", { logout_uri: this.#page });
  }

  /** Throws Denied, or whatever `fetch` throws where nobody answers. */
  async #grant(fields) {
    const response = await this.#post("/oauth2/token", fields);
    if (response.status === 400 || response.status === 401) throw new Denied();
    if (!response.ok) throw new Error(`sign-in: ${response.status}`);
    return response.json();
  }

  #post(path, fields) {
    return fetch(this.#address(path), {
      method: "POST",
      body: new URLSearchParams({ client_id: this.#clientId, ...fields }),
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  }

  #address(path, query) {
    const address = new URL(path, this.#base);
    if (query) address.search = new URLSearchParams({ client_id: this.#clientId, ...query });
    return address.href;
  }
}
