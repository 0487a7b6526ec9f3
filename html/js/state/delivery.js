import { frames } from "../protocol.js";

const PATIENCE_MS = 10_000;
const QUIET_MS = 3_000;
const AGAIN_MS = 1_600;

/**
 * How long, in milliseconds, to bear silence after having asked so many times. A model may think before
 * its first word; in mid-answer a run that lives is not quiet for long, and one that has died can be
 * followed by the next after its lease of 6 s: the third question comes soon after it.
 */
export function patience(status, asked) {
  if (status !== "answering" && status !== "stopping") return PATIENCE_MS;
  return asked ? Math.min(PATIENCE_MS, AGAIN_MS * 1.25 ** (asked - 1)) : QUIET_MS;
}

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
    socket.addEventListener("state", ({ detail }) => detail !== "open" && this.#lose());
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
    else this.#ask(turn);
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

  forgetAll() {
    for (const turn of [...this.#live.values()]) this.#release(turn);
  }

  #route(frame) {
    const turn = this.#live.get(frame.request_id);
    if (!turn) {
      if (frame.type === "failed" && !frame.request_id) this.#emit("refused", frame);
      return;
    }
    const result = turn.receive(frame);
    if (turn.known) this.#outbox.remove(turn.requestId);
    if (result === "gap" && this.#silence.get(turn.requestId).asked === 0) this.#ask(turn);
    if (result === "changed") {
      this.#watch(turn);
      this.#changed(turn);
    }
    if (!turn.unfinished) this.#settle(turn);
  }

  #lose() {
    for (const turn of this.#live.values()) this.#interrupt(turn, "lost");
  }

  #reopen() {
    for (const turn of this.#live.values()) {
      if (turn.interruption) this.#interrupt(turn, "resuming");
      if (turn.status !== "queued") this.#ask(turn);
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

  /** Asks where a turn stands; `asked`: how often that was done since it last moved. */
  #ask(turn, asked = 0) {
    this.#socket.send(turn.request);
    if (turn.status === "stopping") this.#socket.send(frames.stop(turn.requestId));
    this.#watch(turn, asked + 1);
  }

  /**
   * Where nothing new comes, the run or the connection may have died without a word. An answer goes to one
   * connection: a hidden tab leaves it to the one that is read.
   */
  #watch(turn, asked = 0) {
    this.#silence.get(turn.requestId)?.end();
    const act = () => {
      if (document.hidden) this.#watch(turn, asked);
      else {
        if (this.#socket.ping()) this.#interrupt(turn, "resuming");
        this.#ask(turn, asked);
      }
    };
    const timer = setTimeout(act, patience(turn.status, asked));
    this.#silence.set(turn.requestId, { asked, end: () => clearTimeout(timer) });
  }

  /** Says in the midst of an answer why it does not go on. */
  #interrupt(turn, why) {
    if (!turn.answer) return;
    turn.interruption = why;
    this.#changed(turn);
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
    this.#silence.get(turn.requestId)?.end();
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
