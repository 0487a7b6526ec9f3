import { Emitter } from "../emitter.js";
import { frames, supports } from "../protocol.js";
import { Turn } from "./turn.js";

const RESUME_MS = 10_000;
// The lease of a dead run expires 2 to 3 s after the crash; before that, a request starts no new run.
const RESUME_IN_ANSWER_MS = [2_200, 500, 500, 1_000, 2_000, 4_000];
const STALLED_AFTER = 5; // requests, about 10 s
/** The reply of functions to a mode that they do not know. @type {import("../protocol.js").Failed} */
const UNSUPPORTED = { type: "failed", requestId: null, code: "bad_request", message: "", retryable: false };

/**
 * Return the time without progress, in milliseconds, before resume number `requests` + 1. Before the first word, a
 * model may need long. In mid-answer a live run is rarely silent.
 */
export function resumeDelay(status, requests) {
  const inAnswer = status === "answering" || status === "stopping";
  return (inAnswer && RESUME_IN_ANSWER_MS[requests]) || RESUME_MS;
}

/**
 * Delivery of questions to the server and of frames to their turns, across lost connections and several tabs.
 * Events: `turn` (a turn that has changed), `adopted` (a turn whose question was asked in another tab), `refused` (a `failed` frame without a request id).
 * @extends {Emitter<{ turn: Turn, adopted: Turn, refused: import("../protocol.js").Failed }>}
 */
export class Delivery extends Emitter {
  #socket;
  #outbox;
  #tabs;
  /** @type {Map<string, Turn>} */
  #pending = new Map();
  /** @type {Map<string, { requests: number, timer: number }>} */
  #watches = new Map();
  /** The ids of conversations whose questions wait for documents. */
  #held = new Set();

  /**
   * @param {import("../socket.js").Socket} socket
   * @param {import("./outbox.js").Outbox} outbox
   * @param {import("./tabs.js").Tabs} tabs
   */
  constructor(socket, outbox, tabs) {
    super();
    this.#socket = socket;
    this.#outbox = outbox;
    this.#tabs = tabs;
    socket.on("open", () => this.#connected());
    socket.on("state", ({ detail }) => detail !== "open" && this.#disconnected());
    socket.on("frame", ({ detail }) => this.#receive(detail));
    tabs.on("asked", ({ detail }) => this.#adopt(detail));
    tabs.on("frame", ({ detail }) => this.#applyFrame(detail));
    tabs.on("state-request", ({ detail }) => this.#replyToTab(this.#pending.get(detail)));
    tabs.on("alive", ({ detail }) => this.#leaderAlive(this.#pending.get(detail)));
  }

  /** Return an unfinished or a refused turn, or undefined. */
  find(requestId) {
    return this.#pending.get(requestId);
  }

  /** Return the unfinished and the refused turns of a conversation. */
  pending(conversationId) {
    return [...this.#pending.values()].filter((turn) => turn.conversationId === conversationId);
  }

  /** Follow the turns that the outbox has kept across a reload. */
  restore() {
    for (const turn of this.#outbox.turns()) this.follow(turn);
  }

  /**
   * Follow a turn to its end: send a new one, request the state of one that is already under way.
   * @param {Turn} turn
   */
  follow(turn) {
    const isPending = this.#pending.has(turn.requestId);
    if (!turn.unfinished && !turn.refusal) {
      if (isPending) this.#settle(turn);
      return;
    }
    if (isPending) return;
    const isNew = !turn.known && !this.#outbox.has(turn);
    this.#pending.set(turn.requestId, turn);
    this.#outbox.put(turn);
    if (turn.refusal) return;
    if (isNew) {
      this.#ensureLead(turn);
      if (!this.#held.has(turn.conversationId)) this.#announce(turn);
    } else this.#tabs.waitToLead(turn.requestId, () => this.#leadTaken(turn));
    if (turn.status === "queued") this.#sendNext(turn.conversationId);
    else this.#requestState(turn);
  }

  /**
   * Let the questions of a conversation wait for its documents, or send the next one. Other tabs do not know the questions
   * until then: they would send them in place of a hidden tab.
   */
  hold(conversationId, isHeld) {
    if (isHeld) this.#held.add(conversationId);
    else if (this.#held.delete(conversationId)) {
      for (const turn of this.pending(conversationId)) if (turn.status === "queued") this.#announce(turn);
      this.#sendNext(conversationId);
    }
  }

  #announce({ requestId, conversationId, question, askedAt, temporary, options }) {
    if (!temporary) this.#tabs.announceQuestion({ requestId, conversationId, question, askedAt, ...options });
  }

  /** Follow a question that another tab has just asked, and leave it to that tab to send it. */
  #adopt(entry) {
    if (this.#pending.has(entry.requestId)) return;
    const turn = Turn.fromOutbox(entry);
    this.#pending.set(turn.requestId, turn);
    this.#tabs.waitToLead(turn.requestId, () => this.#leadTaken(turn));
    this.#sendNext(turn.conversationId);
    this.emit("adopted", turn);
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
    this.#pending.set(turn.requestId, turn);
    this.#outbox.put(turn);
    this.#send(turn, turn.request);
  }

  /** Request the state of a turn now, at the user's request. */
  resume(turn) {
    this.#ensureLead(turn);
    this.#setInterruption(turn, "resuming");
    this.#requestState(turn);
  }

  discard(turn) {
    this.#release(turn);
  }

  discardConversation(conversationId) {
    for (const turn of this.pending(conversationId)) this.#release(turn);
  }

  discardAll() {
    for (const turn of [...this.#pending.values()]) this.#release(turn);
  }

  #receive(frame) {
    if (this.#pending.has(frame.requestId)) this.#tabs.forwardFrame(frame);
    this.#applyFrame(frame);
  }

  #applyFrame(frame) {
    const turn = this.#pending.get(frame.requestId);
    if (!turn || turn.refusal) {
      if (frame.type === "failed" && !frame.requestId) this.emit("refused", frame);
      return;
    }
    const wasKnown = turn.known;
    const result = turn.receive(frame);
    if (turn.known && !wasKnown) this.#outbox.put(turn);
    if (result === "gap" && this.#watches.get(turn.requestId)?.requests === 0) this.#requestState(turn);
    if (result === "changed") {
      this.#watch(turn);
      this.#changed(turn);
    }
    if (!turn.unfinished) this.#settle(turn);
  }

  #replyToTab(turn) {
    if (!turn || !this.#tabs.isLeader(turn.requestId)) return;
    if (turn.snapshot) this.#tabs.forwardFrame(turn.snapshot);
    if (!document.hidden) this.#tabs.confirmAlive(turn.requestId);
  }

  /** Wait anew: while the leader is alive, it is the one to request the state. */
  #leaderAlive(turn) {
    if (turn && !this.#tabs.isLeader(turn.requestId)) this.#watch(turn);
  }

  #disconnected() {
    for (const turn of this.#pending.values()) this.#setInterruption(turn, "lost");
  }

  #connected() {
    for (const turn of this.#pending.values()) {
      if (turn.interruption) this.#setInterruption(turn, "resuming");
      if (turn.unfinished && turn.status !== "queued") this.#requestState(turn);
    }
  }

  /**
   * Send the next queued turn of a conversation, unless another one is under way. A turn whose parent is known does not
   * wait: those under way are on other branches.
   */
  #sendNext(conversationId) {
    const turns = this.pending(conversationId).filter((turn) => turn.unfinished);
    const isIdle = turns.every((turn) => turn.status === "queued");
    const next = turns.find((turn) => turn.status === "queued" && (isIdle || turn.parent));
    if (!next) return;
    const isHeld = this.#held.has(conversationId);
    next.interruption = isHeld ? "held" : null;
    if (isHeld) {
      this.#changed(next);
      return;
    }
    next.status = "sending";
    if (!supports(`mode.${next.mode}`)) this.#applyFrame({ ...UNSUPPORTED, requestId: next.requestId });
    else if (this.#tabs.isLeader(next.requestId)) {
      this.#outbox.put(next); // with its parent, so that the same frame is sent after a reload
      this.#send(next, frames.chat(next));
    } else this.#watch(next);
    this.#changed(next);
  }

  #send(turn, frame) {
    this.#ensureLead(turn);
    if (!this.#socket.send(frame)) turn.interruption = "lost";
    this.#watch(turn);
    this.#changed(turn);
  }

  #ensureLead(turn) {
    if (!this.#tabs.isLeader(turn.requestId)) this.#tabs.takeLead(turn.requestId, () => this.#leadTaken(turn));
  }

  /** Take over from the tab that has led. A question that it has withdrawn from the outbox is not sent. */
  #leadTaken(turn) {
    const entry = this.#outbox.get(turn);
    if (!turn.known) turn.parent ??= entry?.parent ?? null; // as that tab has sent it
    if (!turn.known && !entry) this.#drop(turn);
    else if (turn.status !== "queued") this.#requestState(turn);
  }

  /** Request the state of a turn. `requests`: the number of requests since its last progress. */
  #requestState(turn, requests = 0) {
    if (this.#tabs.isLeader(turn.requestId)) {
      this.#socket.send(turn.request);
      if (turn.status === "stopping") this.#socket.send(frames.stop(turn.requestId));
    } else this.#tabs.requestState(turn.requestId);
    this.#watch(turn, requests + 1);
  }

  /**
   * Request the state if there is no progress in time: the run, the connection or the leading tab may have died. A
   * hidden tab only waits on, so that it does not take the answer away from a visible one.
   */
  #watch(turn, requests = 0) {
    clearTimeout(this.#watches.get(turn.requestId)?.timer);
    const timeout = () => {
      if (document.hidden) {
        this.#watch(turn, requests);
        return;
      }
      if (requests > 0) this.#ensureLead(turn);
      if (this.#socket.ping()) this.#setInterruption(turn, requests < STALLED_AFTER ? "resuming" : "stalled");
      this.#requestState(turn, requests);
    };
    const timer = setTimeout(timeout, resumeDelay(turn.status, requests));
    this.#watches.set(turn.requestId, { requests, timer });
  }

  #setInterruption(turn, interruption) {
    if (!turn.unfinished || turn.status === "queued") return;
    turn.interruption = interruption;
    this.#changed(turn);
  }

  #settle(turn) {
    this.#release(turn);
    if (turn.refusal) {
      this.#pending.set(turn.requestId, turn);
      this.#outbox.put(turn);
    }
    this.#sendNext(turn.conversationId);
  }

  #drop(turn) {
    turn.status = "done";
    turn.stopReason = "dropped";
    this.#changed(turn);
    this.#settle(turn);
  }

  #release(turn) {
    clearTimeout(this.#watches.get(turn.requestId)?.timer);
    this.#watches.delete(turn.requestId);
    this.#pending.delete(turn.requestId);
    this.#outbox.remove(turn);
    this.#tabs.release(turn.requestId);
    for (const next of this.#pending.values()) {
      if (next.after === turn.requestId) Object.assign(next, { parent: turn.headId, after: turn.after });
    }
  }

  #changed(turn) {
    this.emit("turn", turn);
  }
}
