import "../common.js";
import { decodeBase64url } from "../base64url.js";
import { forgetKept, LAST_USER, SESSION, SESSION_LOCK, SIGN_IN, unsentKeys } from "../keys.js";
import { Storage } from "../storage.js";
import { SignInView, showSignOut } from "../views/sign_in.js";
import { GrantRefused, OAuth } from "./oauth.js";

const EXPIRY_MARGIN_MS = 60_000;

const never = () => new Promise(() => {});

/** The identity of a user of the Cognito user pool. Its token is an access token, renewed before it expires. */
export class CognitoIdentity {
  #oauth;
  #storage;
  #tabStorage = new Storage(() => window.sessionStorage);
  #view = new SignInView(() => this.#redirectToSignIn().catch(() => this.#view.show("failed")));
  #user = null;
  #access = { token: null, expires: 0 };
  #renewal = null;

  /** Resolve once a user is signed in. Until then, the sign-in screen covers the page. */
  static async open(settings, storage) {
    const identity = new CognitoIdentity(settings, storage);
    await identity.#open();
    return identity;
  }

  constructor(settings, storage) {
    this.#oauth = new OAuth(settings);
    this.#storage = storage;
  }

  get isNew() {
    return false;
  }

  /** Return the access token. Throw if the token endpoint cannot be reached; stay pending once the session is over. */
  async token() {
    return Date.now() < this.#access.expires ? this.#access.token : this.renew(this.#access.token);
  }

  /** Return a token in place of the `refused` one. Only one tab renews at a time. */
  renew(refused) {
    if (this.#view.isShown) return never();
    if (refused !== this.#access.token) return this.token();
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #open() {
    addEventListener("storage", ({ key }) => (key === SESSION || key === null) && this.#sessionChanged());
    const reason = await this.#completeRedirect();
    const session = this.#session;
    if (!session) {
      this.#view.show(reason);
      return never();
    }
    this.#user = session.user;
    showSignOut(() => this.#signOut());
  }

  /** Exchange the code of a redirect from the hosted sign-in. Return the sign-in screen's message if there is none. */
  async #completeRedirect() {
    const query = new URLSearchParams(location.search);
    if (!query.has("state")) return "welcome";
    const pending = this.#tabStorage.getJson(SIGN_IN);
    this.#tabStorage.remove(SIGN_IN);
    history.replaceState(null, "", location.pathname + (pending?.hash ?? ""));
    if (!query.has("code") || query.get("state") !== pending?.state) return "failed";
    try {
      this.#storeTokens(await this.#oauth.exchangeCode(query.get("code"), pending.verifier));
    } catch {
      return "failed";
    }
  }

  async #redirectToSignIn() {
    const { url, state, verifier } = await this.#oauth.startAuthorization(document.documentElement.lang);
    this.#tabStorage.set(SIGN_IN, JSON.stringify({ state, verifier, hash: location.hash }));
    location.assign(url);
  }

  async #renew() {
    const result = await navigator.locks.request(SESSION_LOCK, () => this.#refresh());
    if (result === "changed") this.#sessionChanged();
    if (result === "expired") this.#endSession("expired");
    return result === "renewed" ? this.#access.token : never();
  }

  /** @returns {Promise<"renewed" | "changed" | "expired">} */
  async #refresh() {
    const session = this.#session; // read inside the lock: another tab may have stored a newer refresh token
    if (session?.user !== this.#user) return "changed";
    try {
      const tokens = await this.#oauth.refresh(session.refreshToken);
      const refreshToken = tokens.refreshToken ?? session.refreshToken;
      if (this.#session?.user !== session.user) {
        this.#revoke(refreshToken); // the user signed out meanwhile
        return "changed";
      }
      this.#storeTokens({ ...tokens, refreshToken });
      return "renewed";
    } catch (error) {
      if (!(error instanceof GrantRefused)) throw error;
      // A value that another tab has stored can become visible here after that tab has released the lock.
      if (this.#session?.refreshToken !== session.refreshToken) return this.#refresh();
      this.#storage.remove(SESSION);
      return "expired";
    }
  }

  #storeTokens({ accessToken, refreshToken, expiresIn }) {
    const user = readSubject(accessToken);
    if (this.#storage.get(LAST_USER) !== user) this.#removeUnsent(); // it belongs to the previous user
    this.#storage.set(LAST_USER, user);
    this.#access = { token: accessToken, expires: Date.now() + expiresIn * 1_000 - EXPIRY_MARGIN_MS };
    this.#storage.set(SESSION, JSON.stringify({ user, refreshToken }));
  }

  get #session() {
    return this.#storage.getJson(SESSION);
  }

  #endSession(reason) {
    this.#user = null;
    this.#access = { token: null, expires: 0 };
    this.#view.show(reason);
  }

  /** Handle a sign-in, a sign-out or a renewal in another tab. */
  #sessionChanged() {
    const session = this.#session;
    if (!session) this.#endSession("signedOut");
    else if (session.user !== this.#user) location.reload();
  }

  async #signOut() {
    const { refreshToken } = this.#session ?? {};
    this.#storage.remove(SESSION);
    const removed = this.#removeUnsent();
    this.#endSession("signedOut");
    if (refreshToken) await this.#revoke(refreshToken);
    await removed;
    location.assign(this.#oauth.logoutUrl);
  }

  /** Revoke a refresh token. If the endpoint cannot be reached, the user is still signed out in this browser. */
  #revoke(refreshToken) {
    return this.#oauth.revoke(refreshToken).catch(() => {});
  }

  /** Remove the user's unsent text at once. Resolves when the kept conversations are removed, too. */
  async #removeUnsent() {
    for (const storage of [this.#storage, this.#tabStorage]) {
      for (const key of unsentKeys(storage)) storage.remove(key);
    }
    await forgetKept();
  }
}

/** Read the user's id from an access token. The token endpoint has sent it; only the server verifies it. */
function readSubject(token) {
  return JSON.parse(decodeBase64url(token.split(".")[1])).sub;
}
