import { frames } from "../protocol.js";

const SILENCE_MS = 10_000;

/**
 * Brings turns to the server and their frames back, however often the connection breaks.
 * Events: `turn` (detail: a turn that changed), `refused` (detail: a `failed` frame that names no turn).
 */
export class Delivery extends EventTarget {
  #socket;
  #outbox;
  #live = new Map();
  #silence = new Map();

  constructor(socket, outbox) {
    super();
    this.#socket = socket;
    this.#outbox = outbox;
    socket.addEventListener("open", () => this.#reopen());
    socket.addEventListener("frame", ({ detail }) => this.#route(detail));
  }

  live(conversationId) {
    return [...this.#live.values()].filter((turn) => turn.conversationId === conversationId);
  }

  /** Follows a turn to its end: a new one is sent, one that is under way elsewhere is resumed. */
  follow(turn) {
    if (this.#live.has(turn.requestId)) return;
    this.#live.set(turn.requestId, turn);
    if (turn.status === "queued") this.#outbox.add(turn);
    else this.#send(turn, turn.request);
    this.#advance(turn.conversationId);
  }

  stop(turn) {
    if (!turn.canStop) return;
    if (turn.status === "queued") {
      this.#drop(turn);
      return;
    }
    turn.status = "stopping";
    this.#send(turn, frames.stop(turn.requestId));
    this.#changed(turn);
  }

  continue(turn) {
    turn.continue();
    this.#live.set(turn.requestId, turn);
    this.#send(turn, frames.continue(turn.requestId));
    this.#changed(turn);
  }

  forget(conversationId) {
    for (const turn of this.live(conversationId)) this.#release(turn);
  }

  #route(frame) {
    const turn = this.#live.get(frame.request_id);
    if (!turn) {
      if (frame.type === "failed" && !frame.request_id) this.#emit("refused", frame);
      return;
    }
    const result = turn.receive(frame);
    if (turn.known) this.#outbox.remove(turn.requestId);
    if (turn.unfinished) this.#watch(turn);
    if (result === "gap") this.#send(turn, frames.resume(turn.requestId));
    if (result === "changed") this.#changed(turn);
    if (!turn.unfinished) this.#settle(turn);
  }

  #reopen() {
    for (const turn of this.#live.values()) {
      if (turn.status !== "queued") this.#send(turn, turn.request);
      if (turn.status === "stopping") this.#send(turn, frames.stop(turn.requestId));
    }
  }

  /** One turn of a conversation at a time; the next one is sent when it has ended. */
  #advance(conversationId) {
    const turns = this.live(conversationId);
    const next = turns.find((turn) => turn.status === "queued");
    if (!next || turns.some((turn) => turn.status !== "queued")) return;
    next.status = "sending";
    this.#send(next, frames.chat(next));
    this.#changed(next);
  }

  #send(turn, frame) {
    this.#socket.send(frame);
    this.#watch(turn);
  }

  /** Nothing was heard for a while: a function may have died, and asking again starts the next run. */
  #watch(turn, delay = SILENCE_MS) {
    clearTimeout(this.#silence.get(turn.requestId));
    const ask = () => {
      this.#socket.send(turn.request);
      this.#watch(turn, delay * 1.5);
    };
    this.#silence.set(turn.requestId, setTimeout(ask, delay));
  }

  #settle(turn) {
    this.#release(turn);
    this.#advance(turn.conversationId);
  }

  #drop(turn) {
    turn.status = "done";
    turn.stopReason = "dropped";
    this.#changed(turn);
    this.#settle(turn);
  }

  #release(turn) {
    clearTimeout(this.#silence.get(turn.requestId));
    this.#silence.delete(turn.requestId);
    this.#live.delete(turn.requestId);
    this.#outbox.remove(turn.requestId);
  }

  #changed(turn) {
    this.#emit("turn", turn);
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
