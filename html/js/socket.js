import { frames, parseFrame, SUBPROTOCOL } from "./protocol.js";

const MINUTE = 60_000;
const PING_AFTER = 8 * MINUTE; // API Gateway closes a connection that was idle for 10 minutes
const RENEW_AFTER = 110 * MINUTE; // ... and every connection after 2 hours
const PONG_WITHIN = 5_000;
const OFFLINE_PONG_WITHIN = 1_000; // the system says that there is no network; this machine may still answer
const OPEN_WITHIN = 15_000;
const FIRST_RETRY = 500;
const LAST_RETRY = 20_000;

/** The wait before attempt 0, 1, 2…, in milliseconds: doubling, half of it random. */
export function backoff(attempt, random = Math.random) {
  const ceiling = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** attempt);
  return (ceiling / 2) * (1 + random());
}

/**
 * A connection that comes back by itself. Events: `open` (each time), `frame`, and `state`, which is
 * `connecting` (the first time), `open`, `waiting` (lost, trying again) or `offline`.
 */
export class Socket extends EventTarget {
  #url;
  #token;
  #current = null;
  #next = null;
  #opening = null;
  #state = "connecting";
  #attempt = 0;
  #timers = {};

  constructor(url, token) {
    super();
    this.#url = url;
    this.#token = token;
  }

  get state() {
    return this.#state;
  }

  start() {
    addEventListener("online", () => this.retry());
    addEventListener("offline", () => this.#check());
    addEventListener("pageshow", () => this.#check());
    for (const type of ["visibilitychange", "resume"]) {
      document.addEventListener(type, () => document.hidden || this.#check());
    }
    this.#connect();
  }

  /** Whether the frame went out; an unsent frame is the caller's to send again after `open`. */
  send(frame) {
    if (this.#current?.readyState !== WebSocket.OPEN) return false;
    this.#current.send(JSON.stringify(frame));
    this.#later("ping", PING_AFTER, () => this.ping());
    return true;
  }

  /** Makes sure that the connection lives; one that is open is lost if nothing answers. Whether it is open. */
  ping() {
    if (!this.send(frames.ping())) return false;
    const socket = this.#current;
    this.#timers.pong ||= setTimeout(() => this.#lost(socket), navigator.onLine ? PONG_WITHIN : OFFLINE_PONG_WITHIN);
    return true;
  }

  retry() {
    if (!this.ping()) this.#connect();
  }

  async #connect() {
    this.#cancel("retry");
    this.#abandon(this.#next);
    const opening = Symbol("opening");
    this.#opening = opening;
    let token;
    try {
      token = await this.#token();
    } catch {
      if (opening === this.#opening) this.#closed(null);
      return;
    }
    if (opening !== this.#opening) return;
    const socket = new WebSocket(this.#url, [SUBPROTOCOL, `bearer.${token}`]);
    this.#next = socket;
    this.#later("open", OPEN_WITHIN, () => socket.close());
    socket.addEventListener("open", () => this.#opened(socket));
    socket.addEventListener("message", (event) => this.#received(socket, event.data));
    socket.addEventListener("close", () => this.#closed(socket));
  }

  #opened(socket) {
    if (socket !== this.#next) return;
    this.#cancel("open", "pong");
    this.#abandon(this.#current);
    this.#current = socket;
    this.#next = null;
    this.#attempt = 0;
    this.#later("renew", RENEW_AFTER, () => this.#connect());
    this.#later("ping", PING_AFTER, () => this.ping());
    this.#become("open");
    this.dispatchEvent(new Event("open"));
  }

  #received(socket, data) {
    if (socket !== this.#current) return;
    this.#cancel("pong");
    const frame = parseFrame(data);
    if (frame) this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
  }

  #closed(socket) {
    if (socket === this.#next) this.#next = null;
    else if (socket === this.#current) this.#current = null;
    else return;
    this.#cancel("open", "pong");
    if (!this.#current) {
      this.#cancel("ping", "renew");
      this.#become(navigator.onLine ? "waiting" : "offline");
    }
    if (!this.#next) this.#later("retry", backoff(this.#attempt++), () => this.#connect());
  }

  /** The network or the page came back: is the connection still alive? */
  #check() {
    if (this.ping()) return;
    if (!navigator.onLine) this.#become("offline");
    else if (this.#next?.readyState !== WebSocket.CONNECTING) this.#connect();
  }

  #lost(socket) {
    socket.close();
    this.#closed(socket);
  }

  #abandon(socket) {
    if (!socket) return;
    if (socket === this.#next) this.#next = null;
    if (socket === this.#current) this.#current = null;
    socket.close();
  }

  #become(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }

  #later(name, delay, action) {
    clearTimeout(this.#timers[name]);
    this.#timers[name] = setTimeout(action, delay);
  }

  #cancel(...names) {
    for (const name of names) {
      clearTimeout(this.#timers[name]);
      this.#timers[name] = 0;
    }
  }
}
