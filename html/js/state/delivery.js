import { frames } from "../protocol.js";

const PATIENCE_MS = 10_000;
const QUIET_MS = 3_000;
const AGAIN_MS = 1_600;
const STALLED = 5; // questions in vain, in about 13 s

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
 * Brings turns to the server and their frames back, however often the connection breaks, in the tab that leads.
 * Events: `turn` (detail: a turn that changed), `refused` (detail: a `failed` frame that names no turn).
 */
export class Delivery extends EventTarget {
  #socket;
  #outbox;
  #tabs;
  #live = new Map();
  #silence = new Map();

  constructor(socket, outbox, tabs) {
    super();
    this.#socket = socket;
    this.#outbox = outbox;
    this.#tabs = tabs;
    socket.addEventListener("open", () => this.#reopen());
    socket.addEventListener("state", ({ detail }) => detail !== "open" && this.#lose());
    socket.addEventListener("frame", ({ detail }) => this.#hear(detail));
    tabs.addEventListener("frame", ({ detail }) => this.#route(detail));
    tabs.addEventListener("question", ({ detail }) => this.#reply(this.#live.get(detail)));
    tabs.addEventListener("alive", ({ detail }) => this.#trust(this.#live.get(detail)));
  }

  /** What is under way in a conversation, and what was refused. */
  live(conversationId) {
    return [...this.#live.values()].filter((turn) => turn.conversationId === conversationId);
  }

  /** Follows a turn to its end: a new one is sent, one that is under way elsewhere is asked after. */
  follow(turn) {
    const isLive = this.#live.has(turn.requestId);
    if (!turn.unfinished && !turn.refusal) {
      if (isLive) this.#settle(turn);
      return;
    }
    if (isLive) return;
    const isNew = !turn.known && !this.#outbox.has(turn);
    this.#live.set(turn.requestId, turn);
    this.#outbox.put(turn);
    if (turn.refusal) return;
    if (isNew) this.#lead(turn);
    else this.#tabs.queue(turn.requestId, () => this.#led(turn));
    if (turn.status === "queued") this.#advance(turn.conversationId);
    else this.#ask(turn);
  }

  stop(turn) {
    if (!turn.canStop) return;
    if (turn.status === "queued") {
      this.#drop(turn);
      return;
    }
    turn.status = "stopping";
    this.#send(turn, frames.stop(turn.requestId));
  }

  continue(turn) {
    turn.continue();
    this.#live.set(turn.requestId, turn);
    this.#outbox.put(turn);
    this.#send(turn, frames.continue(turn.requestId));
  }

  /** Asks after a turn now, because a person wants to know. */
  resume(turn) {
    this.#lead(turn);
    this.#interrupt(turn, "resuming");
    this.#ask(turn);
  }

  discard(turn) {
    this.#release(turn);
  }

  forget(conversationId) {
    for (const turn of this.live(conversationId)) this.#release(turn);
  }

  forgetAll() {
    for (const turn of [...this.#live.values()]) this.#release(turn);
  }

  #hear(frame) {
    if (this.#live.has(frame.request_id)) this.#tabs.tell(frame);
    this.#route(frame);
  }

  #route(frame) {
    const turn = this.#live.get(frame.request_id);
    if (!turn || turn.refusal) {
      if (frame.type === "failed" && !frame.request_id) this.#emit("refused", frame);
      return;
    }
    const wasKnown = turn.known;
    const result = turn.receive(frame);
    if (turn.known && !wasKnown) this.#outbox.put(turn);
    if (result === "gap" && this.#silence.get(turn.requestId)?.asked === 0) this.#ask(turn);
    if (result === "changed") {
      this.#watch(turn);
      this.#changed(turn);
    }
    if (!turn.unfinished) this.#settle(turn);
  }

  /** To another tab, which has asked where a turn stands. */
  #reply(turn) {
    if (!turn || !this.#tabs.leads(turn.requestId)) return;
    if (turn.snapshot) this.#tabs.tell(turn.snapshot);
    if (!document.hidden) this.#tabs.confirm(turn.requestId);
  }

  /** The tab that leads is there: it is the one to lose patience. */
  #trust(turn) {
    if (turn && !this.#tabs.leads(turn.requestId)) this.#watch(turn);
  }

  #lose() {
    for (const turn of this.#live.values()) this.#interrupt(turn, "lost");
  }

  #reopen() {
    for (const turn of this.#live.values()) {
      if (turn.interruption) this.#interrupt(turn, "resuming");
      if (turn.unfinished && turn.status !== "queued") this.#ask(turn);
    }
  }

  /** One turn of a conversation at a time; the next one is sent when it has ended. */
  #advance(conversationId) {
    const turns = this.live(conversationId).filter((turn) => turn.unfinished);
    const next = turns.find((turn) => turn.status === "queued");
    if (!next || turns.some((turn) => turn.status !== "queued")) return;
    next.status = "sending";
    if (this.#tabs.leads(next.requestId)) this.#send(next, frames.chat(next));
    else this.#watch(next);
    this.#changed(next);
  }

  #send(turn, frame) {
    this.#lead(turn);
    if (!this.#socket.send(frame)) turn.interruption = "lost";
    this.#watch(turn);
    this.#changed(turn);
  }

  #lead(turn) {
    if (!this.#tabs.leads(turn.requestId)) this.#tabs.seize(turn.requestId, () => this.#led(turn));
  }

  /** The tab that led is gone. What it has taken back was not meant to be sent. */
  #led(turn) {
    if (!turn.known && !this.#outbox.has(turn)) this.#drop(turn);
    else if (turn.status !== "queued") this.#ask(turn);
  }

  /** Asks where a turn stands; `asked`: how often that was done since it last moved. */
  #ask(turn, asked = 0) {
    if (this.#tabs.leads(turn.requestId)) {
      this.#socket.send(turn.request);
      if (turn.status === "stopping") this.#socket.send(frames.stop(turn.requestId));
    } else this.#tabs.ask(turn.requestId);
    this.#watch(turn, asked + 1);
  }

  /**
   * Where nothing new comes, the run, the connection or the tab that leads may have died without a word. An answer
   * goes to one connection: a hidden tab leaves it to the one that is read.
   */
  #watch(turn, asked = 0) {
    this.#silence.get(turn.requestId)?.end();
    const act = () => {
      if (document.hidden) {
        this.#watch(turn, asked);
        return;
      }
      if (asked > 0) this.#lead(turn);
      if (this.#socket.ping()) this.#interrupt(turn, asked < STALLED ? "resuming" : "stalled");
      this.#ask(turn, asked);
    };
    const timer = setTimeout(act, patience(turn.status, asked));
    this.#silence.set(turn.requestId, { asked, end: () => clearTimeout(timer) });
  }

  /** Says why a question or its answer does not go on. */
  #interrupt(turn, why) {
    if (!turn.unfinished || turn.status === "queued") return;
    turn.interruption = why;
    this.#changed(turn);
  }

  #settle(turn) {
    this.#release(turn);
    if (turn.refusal) {
      this.#live.set(turn.requestId, turn);
      this.#outbox.put(turn);
    }
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
    this.#outbox.remove(turn);
    this.#tabs.release(turn.requestId);
  }

  #changed(turn) {
    this.#emit("turn", turn);
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
