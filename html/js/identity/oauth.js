import { encodeBase64url, randomBase64url } from "../base64url.js";

const RANDOM_BYTES = 32;
const TIMEOUT_MS = 10_000;

/** The token endpoint refused the grant: the code or refresh token is used up, revoked or forged. */
export class GrantRefused extends Error {}

/** @typedef {{ accessToken: string, refreshToken?: string, expiresIn: number }} Tokens `expiresIn` in seconds */

/**
 * OAuth 2.0 with the hosted sign-in: authorization code with PKCE, public client.
 * https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-userpools-server-contract-reference.html
 */
export class OAuth {
  #base;
  #clientId;
  #redirectUri = new URL("/", location.href).href;

  constructor({ url, clientId }) {
    this.#base = new URL(url, location.href);
    this.#clientId = clientId;
  }

  /** Return the URL to redirect to, with the state and the PKCE verifier to keep until the redirect back. */
  async startAuthorization(language) {
    const [state, verifier] = [randomBase64url(RANDOM_BYTES), randomBase64url(RANDOM_BYTES)];
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    const url = this.#url("/oauth2/authorize", {
      response_type: "code",
      redirect_uri: this.#redirectUri,
      scope: "openid email",
      state,
      code_challenge: encodeBase64url(new Uint8Array(digest)),
      code_challenge_method: "S256",
      lang: language,
    });
    return { url, state, verifier };
  }

  exchangeCode(code, verifier) {
    return this.#requestTokens({
      grant_type: "authorization_code",
      redirect_uri: this.#redirectUri,
      code,
      code_verifier: verifier,
    });
  }

  /** The result has a `refreshToken` only if the user pool rotates them. */
  refresh(refreshToken) {
    return this.#requestTokens({ grant_type: "refresh_token", refresh_token: refreshToken });
  }

  revoke(refreshToken) {
    return this.#post("/oauth2/revoke", { token: refreshToken });
  }

  /** The URL that ends the session at the hosted sign-in and redirects back. */
  get logoutUrl() {
    return this.#url("/logout", { logout_uri: this.#redirectUri });
  }

  /**
   * Throw GrantRefused, or the error of `fetch` if the endpoint cannot be reached.
   * @returns {Promise<Tokens>}
   */
  async #requestTokens(fields) {
    const response = await this.#post("/oauth2/token", fields);
    if (response.status === 400 || response.status === 401) throw new GrantRefused();
    if (!response.ok) throw new Error(`sign-in: ${response.status}`);
    const tokens = await response.json();
    return { accessToken: tokens.access_token, refreshToken: tokens.refresh_token, expiresIn: tokens.expires_in };
  }

  #post(path, fields) {
    return fetch(this.#url(path), {
      method: "POST",
      body: new URLSearchParams({ client_id: this.#clientId, ...fields }),
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }

  #url(path, query = undefined) {
    const url = new URL(path, this.#base);
    if (query) url.search = new URLSearchParams({ client_id: this.#clientId, ...query }).toString();
    return url.href;
  }
}
