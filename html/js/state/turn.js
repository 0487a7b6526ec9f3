import { frames } from "../protocol.js";

const UNFINISHED = new Set(["queued", "sending", "waiting", "answering", "stopping"]);
const CAN_CONTINUE = new Set(["length", "cancelled", "deadline"]);

/**
 * One question and its answer, moved on by frames. Its status is `queued` (not sent), `sending` (not
 * accepted yet), `waiting` (no text yet), `answering`, `stopping`, `done` or `failed`.
 */
export class Turn {
  requestId;
  conversationId;
  mode = "chat";
  text;
  answer = "";
  status = "queued";
  stopReason = null;
  code = null;
  usage = null;
  createdAt = null;
  /** Why an answer does not go on: `lost` (no connection), `resuming` (asked where it stands), or null. */
  interruption = null;
  #run = 0;
  #seq = 0;
  #continued = 0;
  #known = false;

  static ask(conversationId, text, requestId = crypto.randomUUID()) {
    return Object.assign(new Turn(), { requestId, conversationId, text });
  }

  /** A turn of the history API; one that is still being written is picked up where it stands. */
  static fromHistory(item) {
    const turn = new Turn();
    turn.#known = true;
    return Object.assign(turn, {
      requestId: item.request_id,
      conversationId: item.conversation_id,
      mode: item.mode,
      text: item.text,
      answer: item.answer ?? "",
      status: historyStatus(item),
      stopReason: item.stop_reason ?? null,
      code: item.code ?? null,
      usage: item.usage ?? null,
      createdAt: item.created_at,
      interruption: "resuming",
    });
  }

  get unfinished() {
    return UNFINISHED.has(this.status);
  }

  /** Whether the server has it, as far as we know. */
  get known() {
    return this.#known;
  }

  get canContinue() {
    return this.status === "done" && CAN_CONTINUE.has(this.stopReason);
  }

  get canStop() {
    return this.unfinished && this.status !== "stopping";
  }

  /** What to send so that the server takes it, or says where it stands. */
  get request() {
    return this.#known ? frames.resume(this.requestId) : frames.chat(this);
  }

  /** Applies a frame; says `changed`, `ignored`, or `gap`: something is missing, ask for a snapshot. */
  receive(frame) {
    const receiver = this.#receivers[frame.type];
    if (!receiver) return "ignored";
    this.#known = true;
    return receiver(frame);
  }

  continue() {
    this.#continued = this.#run;
    this.status = "waiting";
    this.stopReason = null;
    this.code = null;
  }

  #receivers = {
    accepted: (frame) => this.#accept(frame),
    delta: (frame) => this.#extend(frame),
    snapshot: (frame) => this.#replace(frame),
    done: (frame) => this.#finish(frame),
    failed: (frame) => this.#fail(frame),
  };

  #accept(frame) {
    this.createdAt ??= frame.created_at;
    if (this.status !== "sending") return "ignored";
    this.status = "waiting";
    return "changed";
  }

  #extend(frame) {
    if (this.#isOld(frame)) return "ignored";
    if (!this.#isNext(frame)) return "gap";
    return this.#moveTo(frame, this.answer + frame.text);
  }

  #replace(frame) {
    if (this.#isStale(frame)) return "ignored";
    return this.#moveTo(frame, frame.text);
  }

  #finish(frame) {
    if (this.#isStale(frame) || frame.run <= this.#continued || this.status === "done") return "ignored";
    const whole = frame.run === this.#run ? frame.seq === this.#seq : this.#begins(frame) && frame.seq === 0;
    if (!whole) return "gap";
    this.status = "done";
    this.stopReason = frame.stop_reason;
    this.usage = frame.usage;
    return "changed";
  }

  #fail(frame) {
    const refused = frame.code === "busy" && this.status !== "sending"; // a later frame may be taken
    if (!this.unfinished || refused) return "ignored";
    this.status = "failed";
    this.code = frame.code;
    return "changed";
  }

  #moveTo({ run, seq }, answer) {
    this.#run = run;
    this.#seq = seq;
    if (answer === this.answer) return "ignored";
    this.answer = answer;
    this.interruption = null;
    if (this.status !== "stopping") this.status = "answering";
    return "changed";
  }

  #isStale({ run, seq }) {
    return run < this.#run || (run === this.#run && seq < this.#seq);
  }

  #isOld({ run, seq }) {
    return this.#isStale({ run, seq: seq - 1 });
  }

  #isNext(frame) {
    return (this.#begins(frame) || frame.run === this.#run) && frame.seq === this.#seq + 1;
  }

  #begins(frame) {
    return this.#run === 0 && frame.run === 1 && this.answer === "";
  }
}

function historyStatus(item) {
  if (item.status !== "streaming") return item.status;
  return item.answer ? "answering" : "waiting";
}
