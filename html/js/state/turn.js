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
  modelId = null;
  createdAt = null;
  askedAt = Date.now();
  /** Of a question that the server did not take: `{ code, at }`, in milliseconds. */
  refusal = null;
  /** Why it does not go on: `lost` (no connection), `resuming` (asked where it stands), `stalled` (in vain) or null. */
  interruption = null;
  #run = 0;
  #seq = 0;
  /** What a continued answer had ended with, until a run higher than that one is heard of; else null. */
  #continued = null;
  #known = false;

  static ask(conversationId, text, { mode = "chat", requestId = crypto.randomUUID() } = {}) {
    return Object.assign(new Turn(), { requestId, conversationId, text, mode });
  }

  static fromOutbox({ requestId, conversationId, text, mode, known, refusal, at }) {
    const turn = Turn.ask(conversationId, text, { mode, requestId });
    turn.askedAt = at;
    turn.#known = Boolean(known);
    if (known) turn.status = "waiting";
    if (refusal) Object.assign(turn, { status: "failed", code: refusal.code, refusal });
    return turn;
  }

  static fromHistory(item) {
    return new Turn().load(item);
  }

  /** Takes what the history API has; an answer that is still being written is picked up where it stands. */
  load(item) {
    if (this.#run > 0) return this;
    this.#known = true;
    return Object.assign(this, {
      requestId: item.request_id,
      conversationId: item.conversation_id,
      mode: item.mode,
      text: item.text,
      answer: item.answer ?? "",
      status: historyStatus(item),
      stopReason: item.stop_reason ?? null,
      code: item.code ?? null,
      usage: item.usage ?? null,
      modelId: item.model_id ?? null,
      createdAt: item.created_at,
      refusal: null,
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
    if (this.#continued) return frames.continue(this.requestId);
    return this.#known ? frames.resume(this.requestId) : frames.chat(this);
  }

  /** What another tab has to hear to stand where this one does, or null before the first text. */
  get snapshot() {
    const { requestId, answer } = this;
    return this.#run && { type: "snapshot", request_id: requestId, run: this.#run, seq: this.#seq, text: answer };
  }

  /** Applies a frame; says `changed`, `ignored`, or `gap`: something is missing, ask for a snapshot. */
  receive(frame) {
    const receiver = this.#receivers[frame.type];
    if (!receiver) return "ignored";
    this.#known = true;
    if (frame.run > this.#continued?.run) this.#continued = null;
    return receiver(frame);
  }

  continue() {
    this.#continued = { run: this.#run, stopReason: this.stopReason };
    this.status = "waiting";
    this.stopReason = null;
    this.code = null;
    this.interruption = null;
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
    if (this.status !== "sending" && this.status !== "queued") return "ignored";
    this.status = "waiting";
    this.interruption = null;
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
    if (this.#isStale(frame) || this.#continued || this.status === "done") return "ignored";
    const whole = frame.run === this.#run ? frame.seq === this.#seq : this.#begins(frame) && frame.seq === 0;
    if (!whole) return "gap";
    this.status = "done";
    this.stopReason = frame.stop_reason;
    this.usage = frame.usage;
    this.modelId = frame.model_id;
    return "changed";
  }

  #fail(frame) {
    if (this.#continued) return this.#stayCut(frame);
    const refused = frame.code === "busy" && this.status !== "sending"; // a later frame may be taken
    if (!this.unfinished || refused) return "ignored";
    this.status = "failed";
    this.code = frame.code;
    if (!this.createdAt) this.refusal = { code: frame.code, at: Date.now() };
    return "changed";
  }

  /** The server did not take `continue`: the answer is as it had ended. */
  #stayCut({ code }) {
    Object.assign(this, { status: "done", stopReason: this.#continued.stopReason, code });
    this.#continued = null;
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
