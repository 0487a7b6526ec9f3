import { Denied, OAuth } from "./oauth.js";
import { Storage } from "./storage.js";
import { offerSignOut, SignInView } from "./views/sign_in.js";

const SESSION = "seoyeon.session"; // {user, refreshToken}, for all tabs
const LAST = "seoyeon.last-user";
const PENDING = "seoyeon.sign-in"; // of this tab: it outlives the way to the hosted sign-in and back
const LOCK = "seoyeon.session";
const WRITTEN = ["seoyeon.outbox.", "seoyeon.draft"]; // what someone wrote and nobody else may send
const EARLY_MS = 60_000;

const never = () => new Promise(() => {});

/** The person as Cognito knows them (contract B). Its token is an access token, renewed before it expires. */
export class CognitoIdentity {
  #oauth;
  #storage;
  #tab = new Storage(() => window.sessionStorage);
  #screen = new SignInView(() => this.#leave().catch(() => this.#screen.show("failed")));
  #user = null;
  #access = { token: null, until: 0 };
  #renewal = null;

  /** Resolves when someone is signed in; until then there is the sign-in screen and nothing else. */
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

  /** Throws where the sign-in does not answer. Never settles once the session is over: that needs a person. */
  async token() {
    return Date.now() < this.#access.until ? this.#access.token : this.renew(this.#access.token);
  }

  /** A token in place of the `refused` one. There is one renewal at a time, in all tabs. */
  renew(refused) {
    if (this.#screen.isShown) return never();
    if (refused !== this.#access.token) return this.token();
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #open() {
    addEventListener("storage", ({ key }) => (key === SESSION || key === null) && this.#changedElsewhere());
    const why = await this.#arrive();
    const session = this.#session;
    if (!session) {
      this.#screen.show(why);
      return never();
    }
    this.#user = session.user;
    offerSignOut(() => this.#signOut());
  }

  /** Takes what the hosted sign-in sent the person back with, out of the address before anything else. */
  async #arrive() {
    const query = new URLSearchParams(location.search);
    if (!query.has("state")) return "welcome";
    const pending = parse(this.#tab.get(PENDING));
    this.#tab.remove(PENDING);
    history.replaceState(null, "", location.pathname + (pending?.place ?? ""));
    if (!query.has("code") || query.get("state") !== pending?.state) return "failed";
    try {
      this.#adopt(await this.#oauth.exchange(query.get("code"), pending.verifier));
    } catch {
      return "failed";
    }
  }

  /** Off to the hosted sign-in. */
  async #leave() {
    const { address, state, verifier } = await this.#oauth.begin(document.documentElement.lang);
    this.#tab.set(PENDING, JSON.stringify({ state, verifier, place: location.hash }));
    location.assign(address);
  }

  async #renew() {
    const end = await navigator.locks.request(LOCK, () => this.#refresh());
    if (end === "changed") this.#changedElsewhere();
    if (end === "expired") this.#lose("expired");
    return end ? never() : this.#access.token;
  }

  /** Why there is no new token, if there is none. */
  async #refresh() {
    // Read only now: another tab may have been given a newer one.
    const session = this.#session;
    if (session?.user !== this.#user) return "changed";
    try {
      const tokens = await this.#oauth.refresh(session.refreshToken);
      this.#adopt({ refresh_token: session.refreshToken, ...tokens });
    } catch (error) {
      if (!(error instanceof Denied)) throw error;
      // What another tab has stored may arrive here after the lock that it let go of.
      if (this.#session?.refreshToken !== session.refreshToken) return this.#refresh();
      this.#storage.remove(SESSION);
      return "expired";
    }
  }

  #adopt({ access_token: token, refresh_token: refreshToken, expires_in: seconds }) {
    const user = subject(token);
    // What an expired session left unsent is for the same person only.
    if (this.#storage.get(LAST) !== user) this.#forgetWritten();
    this.#storage.set(LAST, user);
    this.#access = { token, until: Date.now() + seconds * 1_000 - EARLY_MS };
    this.#storage.set(SESSION, JSON.stringify({ user, refreshToken }));
  }

  get #session() {
    return parse(this.#storage.get(SESSION));
  }

  #lose(why) {
    this.#user = null;
    this.#access = { token: null, until: 0 };
    this.#screen.show(why);
  }

  /** Another tab signed in, or out, or renewed the session. */
  #changedElsewhere() {
    const session = this.#session;
    if (!session) this.#lose("signedOut");
    else if (session.user !== this.#user) location.reload();
  }

  async #signOut() {
    const { refreshToken } = this.#session ?? {};
    this.#storage.remove(SESSION);
    this.#forgetWritten();
    this.#lose("signedOut");
    // Who cannot reach the sign-in is signed out here all the same.
    if (refreshToken) await this.#oauth.revoke(refreshToken).catch(() => {});
    location.assign(this.#oauth.exit);
  }

  #forgetWritten() {
    for (const key of WRITTEN.flatMap((prefix) => this.#storage.keys(prefix))) this.#storage.remove(key);
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Whose token it is. It came from the sign-in itself; whether it is good is the server's to say. */
function subject(token) {
  const claims = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(atob(claims)).sub;
}
