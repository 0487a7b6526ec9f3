import { Emitter } from "../emitter.js";
import { TURNS_CHANNEL, turnLock } from "../keys.js";

const RELEASE_DELAY_MS = 250; // a message can reach another tab later than the release of a lock

/**
 * Coordination of the tabs that show a turn. The server sends an answer to one connection, so one tab, the leader,
 * talks to the server and forwards the frames to the other tabs. A Web Lock for each turn elects the leader; when the
 * leading tab closes, the next one takes over.
 * Events, all from other tabs: `asked` (an outbox entry: a question was asked), `frame` (a frame that the leader has received), `state-request` (a request id: a tab asks
 * for the state of a turn), `alive` (a request id: the leader is active and visible).
 * @extends {Emitter<{ asked: import("./outbox.js").Entry, frame: import("../protocol.js").Frame, "state-request": string, alive: string }>}
 */
export class Tabs extends Emitter {
  #channel = new BroadcastChannel(TURNS_CHANNEL);
  #locks = new Map();

  constructor() {
    super();
    this.#channel.addEventListener("message", ({ data: [name, detail] }) => this.emit(name, detail));
  }

  isLeader(requestId) {
    return Boolean(this.#locks.get(requestId)?.leading);
  }

  /** Become the leader as soon as there is no other one; then call `onLead`. */
  waitToLead(requestId, onLead) {
    const lock = { abort: new AbortController(), leading: false };
    this.#request(requestId, lock, onLead, { signal: lock.abort.signal });
  }

  /** Become the leader now. If another tab later does the same, wait for that one to end and then call `onLead`. */
  takeLead(requestId, onLead) {
    this.release(requestId);
    this.#request(requestId, { leading: true }, onLead, { steal: true });
  }

  release(requestId) {
    const lock = this.#locks.get(requestId);
    this.#locks.delete(requestId);
    lock?.abort?.abort();
    setTimeout(() => lock?.release?.(), RELEASE_DELAY_MS);
  }

  announceQuestion(entry) {
    this.#channel.postMessage(["asked", entry]);
  }

  forwardFrame(frame) {
    this.#channel.postMessage(["frame", frame]);
  }

  requestState(requestId) {
    this.#channel.postMessage(["state-request", requestId]);
  }

  confirmAlive(requestId) {
    this.#channel.postMessage(["alive", requestId]);
  }

  #request(requestId, lock, onLead, options) {
    this.#locks.set(requestId, lock);
    const isCurrent = () => this.#locks.get(requestId) === lock;
    const lead = () => {
      if (lock.leading) return;
      lock.leading = true;
      onLead();
    };
    const hold = () => {
      if (!isCurrent()) return undefined;
      const held = new Promise((release) => {
        lock.release = release;
      });
      lead();
      return held;
    };
    const lost = (error) => {
      if (!isCurrent()) return;
      if (error.name === "AbortError") this.waitToLead(requestId, onLead);
      else lead(); // the browser has no locks: every tab leads
    };
    navigator.locks.request(turnLock(requestId), options, hold).catch(lost);
  }
}
