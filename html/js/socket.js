import { backoff } from "./backoff.js";
import { Emitter } from "./emitter.js";
import { frames, parseFrame, SUBPROTOCOL } from "./protocol.js";

const MINUTE = 60_000;
const PING_MS = 8 * MINUTE; // API Gateway closes a connection that was idle for 10 minutes
const RENEW_MS = 110 * MINUTE; // and every connection after 2 hours
const PONG_TIMEOUT_MS = 5_000;
const OFFLINE_PONG_TIMEOUT_MS = 1_000; // without a network, only a server on this machine can still reply
const OPEN_TIMEOUT_MS = 15_000;
const BUSY_AFTER = 3; // handshakes in a row that failed; a network that is back needs one or two

/**
 * A WebSocket connection that reconnects. Events: `open` (after each connection), `frame` (a Frame), `state` (a state).
 * @extends {Emitter<{ open: void, frame: import("./protocol.js").Frame, state: SocketState }>}
 * @typedef {"connecting" | "open" | "waiting" | "busy" | "offline"} SocketState `connecting`: for the first time;
 *   `waiting`: lost, and trying again; `busy`: several handshakes in a row have failed. A browser does not tell a refused
 *   one (429, 503) from a server that cannot be reached.
 */
export class Socket extends Emitter {
  #url;
  #token;
  /** @type {WebSocket | null} */
  #current = null;
  /** @type {WebSocket | null} */
  #next = null;
  #opening = null;
  /** @type {SocketState} */
  #state = "connecting";
  #attempt = 0;
  #failedHandshakes = 0;
  /** @type {Record<string, number>} */
  #timers = {};

  /** @param {() => string | Promise<string>} token */
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

  /** Send a frame and return true, or return false if there is no connection. */
  send(frame) {
    if (this.#current?.readyState !== WebSocket.OPEN) return false;
    this.#current.send(JSON.stringify(frame));
    this.#schedule("ping", PING_MS, () => this.ping());
    return true;
  }

  /** Send a ping and return whether the connection is open. Without a reply in time, it is closed and replaced. */
  ping() {
    if (!this.send(frames.ping())) return false;
    const socket = this.#current;
    const timeout = navigator.onLine ? PONG_TIMEOUT_MS : OFFLINE_PONG_TIMEOUT_MS;
    this.#timers.pong ||= setTimeout(() => this.#replace(socket), timeout);
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
    this.#schedule("open", OPEN_TIMEOUT_MS, () => socket.close());
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
    this.#failedHandshakes = 0;
    this.#schedule("renew", RENEW_MS, () => this.#connect());
    this.#schedule("ping", PING_MS, () => this.ping());
    this.#setState("open");
    this.emit("open");
  }

  #received(socket, data) {
    if (socket !== this.#current) return;
    this.#cancel("pong");
    const frame = parseFrame(data);
    if (frame) this.emit("frame", frame);
  }

  #closed(socket) {
    if (socket && socket === this.#next) this.#failedHandshakes += 1;
    if (socket === this.#next) this.#next = null;
    else if (socket === this.#current) this.#current = null;
    else return;
    this.#cancel("open", "pong");
    if (!this.#current) {
      this.#cancel("ping", "renew");
      const state = this.#failedHandshakes < BUSY_AFTER ? "waiting" : "busy";
      this.#setState(navigator.onLine ? state : "offline");
    }
    if (!this.#next) this.#schedule("retry", backoff(this.#attempt++), () => this.#connect());
  }

  /** Verify the connection after the network or the page has come back. */
  #check() {
    if (this.ping()) return;
    if (!navigator.onLine) this.#setState("offline");
    else if (this.#next?.readyState !== WebSocket.CONNECTING) this.#connect();
  }

  #replace(socket) {
    socket.close();
    this.#closed(socket);
  }

  #abandon(socket) {
    if (!socket) return;
    if (socket === this.#next) this.#next = null;
    if (socket === this.#current) this.#current = null;
    socket.close();
  }

  #setState(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.emit("state", state);
  }

  #schedule(name, delay, action) {
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
