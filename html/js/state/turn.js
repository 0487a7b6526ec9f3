import { frames, isRetryable, supports } from "../protocol.js";

const UNFINISHED = new Set(["queued", "sending", "waiting", "answering", "stopping"]);
const CAN_CONTINUE = new Set(["length", "cancelled", "deadline"]);

/** A question and its answer: the client's state machine of docs/protocol.md. */
export class Turn {
  /** @type {string} */
  requestId;
  /** @type {string} */
  conversationId;
  mode = "chat";
  /** Of a translation; null if it follows from the language of the question. @type {"ko" | "en" | null} */
  targetLanguage = null;
  /** @type {string} */
  question;
  /** The server's name of the turn; null until it is known, and with older functions. @type {string | null} */
  turnId = null;
  /** The id of the turn that the question follows, or "root"; null until it is known. @type {string | null} */
  parent = null;
  /** The id of the turn that was asked again or changed. @type {string | null} */
  variantOf = null;
  /** How this answer is to differ from the earlier one. @type {string | null} */
  wish = null;
  /** The id of the chosen model; `modelId` is the one that answered. @type {string | null} */
  model = null;
  /** The turns with the same parent, if there are others. @type {import("../api.js").Variants | null} */
  variants = null;
  /** The user's rating. @type {import("../api.js").Feedback | null} */
  feedback = null;
  /** The request id of the unfinished turn that a queued question follows. @type {string | null} */
  after = null;
  answer = "";
  /** The passages that the marks of the answer cite. @type {import("../api.js").Source[]} */
  sources = [];
  /** How much of the documents was read for the answer. @type {import("../protocol.js").Progress | null} */
  progress = null;
  /** How often the answer was replaced, not extended. */
  snapshots = 0;
  /**
   * `queued`: not sent; `sending`: not accepted; `waiting`: no text yet.
   * @type {"queued" | "sending" | "waiting" | "answering" | "stopping" | "done" | "failed"}
   */
  status = "queued";
  /** @type {string | null} */
  stopReason = null;
  /** Why the turn, or the continuation of its answer, failed. @type {string | null} */
  code = null;
  retryable = false;
  /** @type {import("../api.js").Usage | null} */
  usage = null;
  /** @type {string | null} */
  modelId = null;
  /** @type {string | null} */
  createdAt = null;
  /** Whether the question belongs to a temporary conversation. */
  temporary = false;
  /** When the question, or its continuation, was asked, in milliseconds. */
  askedAt = Date.now();
  /** Why and when (milliseconds) the server refused the question. @type {{ code: string, retryable: boolean, at: number } | null} */
  refusal = null;
  /**
   * Why the turn makes no progress. `lost`: no connection; `resuming`: its state was requested; `stalled`: requested
   * several times without a reply; `held`: the question waits for documents.
   * @type {"lost" | "resuming" | "stalled" | "held" | null}
   */
  interruption = null;
  #run = 0;
  #seq = 0;
  /** The last run that the history knows of; 0 if unknown. */
  #storedRun = 0;
  /** Run and stop reason of the answer that `continue` extends, until a higher run begins. */
  #continued = null;
  #known = false;

  /**
   * @param {{ mode?: string, targetLanguage?: string, requestId?: string, after?: string, parent?: string,
   *   variantOf?: string, wish?: string, temporary?: boolean, model?: string | null, variants?: import("../api.js").Variants }} options
   */
  static create(conversationId, question, options) {
    const { mode = "chat", requestId = crypto.randomUUID(), ...others } = options;
    return Object.assign(new Turn(), { requestId, conversationId, question, mode, ...others });
  }

  static fromOutbox({ conversationId, question, known, refusal, ...options }) {
    const turn = Turn.create(conversationId, question, options);
    turn.#known = Boolean(known);
    if (known) turn.status = "waiting";
    if (refusal) Object.assign(turn, { status: "failed", code: refusal.code, retryable: refusal.retryable, refusal });
    return turn;
  }

  /** @param {import("../api.js").StoredTurn} stored */
  static fromHistory(stored) {
    return new Turn().load(stored);
  }

  /**
   * Load the stored state. A turn that has received frames is newer and keeps its state.
   * @param {import("../api.js").StoredTurn} stored
   */
  load(stored) {
    const { turnId = null, parent = null, wish = null, variants = null, feedback = null } = stored;
    Object.assign(this, { turnId, parent, wish, variants, feedback });
    if (this.#run > 0) return this;
    const { requestId, conversationId, mode, question, stopReason, code, usage, modelId, createdAt } = stored;
    this.#known = true;
    this.#storedRun = stored.run ?? 0;
    return Object.assign(this, {
      requestId,
      conversationId,
      mode,
      targetLanguage: stored.targetLanguage ?? null,
      model: stored.model ?? null,
      question,
      answer: stored.answer ?? "",
      sources: stored.sources ?? [],
      snapshots: this.snapshots + 1,
      status: statusOf(stored),
      stopReason: stopReason ?? null,
      code: code ?? null,
      retryable: isRetryable(code),
      usage: usage ?? null,
      modelId: modelId ?? null,
      createdAt,
      refusal: null,
      interruption: "resuming",
    });
  }

  get unfinished() {
    return UNFINISHED.has(this.status);
  }

  /** Whether a frame or the history has named the turn. */
  get known() {
    return this.#known;
  }

  /** Whether the server has the turn, as far as the page knows. */
  get isStored() {
    return this.#known && !this.refusal;
  }

  /** The id of the last stored turn of the branch that ends here; null if it is not known. */
  get headId() {
    return this.isStored ? this.turnId : this.parent;
  }

  /** Whether the question can be asked again, or changed, beside this turn. */
  get canBranch() {
    return Boolean(supports("chat.variant_of") && this.turnId && this.parent);
  }

  /** Whether that can be done with a wish. */
  get canWish() {
    return supports("chat.wish");
  }

  /** Whether this variant can be deleted, with the turns that follow it. */
  get canDelete() {
    return Boolean(supports("delete_turn") && this.variants);
  }

  /** Whether the answer can be rated. */
  get canRate() {
    return Boolean(supports("rate") && this.status === "done" && this.answer && this.turnId);
  }

  get canContinue() {
    return this.status === "done" && CAN_CONTINUE.has(this.stopReason);
  }

  get canStop() {
    return this.unfinished && this.status !== "stopping";
  }

  /** How the question is asked: the options of `Turn.create`, to be stored or to ask again. */
  get options() {
    const { mode, targetLanguage, after, parent, variantOf, wish, temporary, model } = this;
    return { mode, targetLanguage, after, parent, variantOf, wish, temporary, model };
  }

  /** The frame that makes the server accept the turn or send its state. */
  get request() {
    if (this.#continued) return frames.continue(this.requestId, this.#continued.run);
    return this.#known ? frames.resume(this.requestId) : frames.chat(this);
  }

  /**
   * The frame that brings another tab to this state, or null before the first text.
   * @returns {import("../protocol.js").Snapshot | null}
   */
  get snapshot() {
    if (this.#run === 0) return null;
    return { type: "snapshot", requestId: this.requestId, run: this.#run, seq: this.#seq, text: this.answer };
  }

  /**
   * Apply a frame of this turn.
   * @param {import("../protocol.js").Frame} frame
   * @returns {"changed" | "ignored" | "gap"} `gap`: frames are missing, request a snapshot
   */
  receive(frame) {
    const receiver = this.#receivers[frame.type];
    if (!receiver) return "ignored";
    this.#known = true;
    if ("run" in frame && frame.run > this.#continued?.run) this.#continued = null;
    return receiver(frame);
  }

  continue() {
    this.#continued = { run: this.#run || this.#storedRun, stopReason: this.stopReason };
    this.askedAt = Date.now();
    this.status = "waiting";
    this.stopReason = null;
    this.code = null;
    this.interruption = null;
  }

  #receivers = {
    accepted: (frame) => this.#accept(frame),
    delta: (frame) => this.#append(frame),
    snapshot: (frame) => this.#replace(frame),
    done: (frame) => this.#finish(frame),
    failed: (frame) => this.#fail(frame),
    progress: (frame) => this.#showProgress(frame),
  };

  #accept(frame) {
    this.createdAt ??= frame.createdAt;
    this.turnId ??= frame.turnId ?? null;
    this.parent = frame.parent ?? this.parent;
    if (this.status !== "sending" && this.status !== "queued") return "ignored";
    this.status = "waiting";
    this.interruption = null;
    return "changed";
  }

  #append(frame) {
    if (this.#isDuplicate(frame)) return "ignored";
    if (!this.#isNext(frame)) return "gap";
    return this.#moveTo(frame, this.answer + frame.text);
  }

  #replace(frame) {
    if (this.#isOlder(frame)) return "ignored";
    this.snapshots += 1;
    return this.#moveTo(frame, frame.text);
  }

  #showProgress(frame) {
    if (frame.run < this.#run || !this.unfinished) return "ignored";
    this.progress = frame;
    this.#accept(frame);
    this.interruption = null;
    return "changed";
  }

  #finish(frame) {
    if (this.#isOlder(frame) || this.#continued || this.status === "done") return "ignored";
    const isComplete = frame.run === this.#run ? frame.seq === this.#seq : this.#isFirstRun(frame) && frame.seq === 0;
    if (!isComplete) return "gap";
    this.status = "done";
    this.turnId ??= frame.turnId ?? null;
    this.stopReason = frame.stopReason;
    this.sources = frame.sources ?? [];
    this.progress = null;
    this.usage = frame.usage;
    this.modelId = frame.modelId;
    return "changed";
  }

  #fail({ code, retryable }) {
    if (this.#continued) return this.#failContinue(code);
    const isRepeatable = code === "busy" && this.status !== "sending"; // the next request may be accepted
    if (!this.unfinished || isRepeatable) return "ignored";
    Object.assign(this, { status: "failed", code, retryable });
    if (!this.createdAt && this.#run === 0) this.refusal = { code, retryable, at: Date.now() };
    return "changed";
  }

  /** Restore the end of the answer, as the server has refused to continue it. */
  #failContinue(code) {
    Object.assign(this, { status: "done", stopReason: this.#continued.stopReason, code });
    this.#continued = null;
    return "changed";
  }

  #moveTo({ run, seq }, answer) {
    this.#run = run;
    this.#seq = seq;
    const isSame = answer === this.answer;
    if (isSame && this.status !== "waiting") return "ignored";
    this.answer = answer;
    this.interruption = null; // a snapshot without text tells that the run is alive
    if (!isSame) this.progress = null;
    if (!isSame && this.status !== "stopping") this.status = "answering";
    return "changed";
  }

  #isOlder({ run, seq }) {
    return run < this.#run || (run === this.#run && seq < this.#seq);
  }

  #isDuplicate({ run, seq }) {
    return this.#isOlder({ run, seq: seq - 1 });
  }

  #isNext(frame) {
    return (this.#isFirstRun(frame) || frame.run === this.#run) && frame.seq === this.#seq + 1;
  }

  #isFirstRun(frame) {
    return this.#run === 0 && frame.run === 1 && this.answer === "";
  }
}

function statusOf({ status, answer }) {
  if (status !== "streaming") return status;
  return answer ? "answering" : "waiting";
}
