import { Emitter } from "../emitter.js";
import { Turn } from "./turn.js";

/**
 * The shown conversation. Events: `conversation` (another one is shown, or its history is loaded), `older` (turns were
 * added in front), `turn` (a turn is new or has changed), `removed` (a turn), `history` (its state has changed).
 * @extends {Emitter<{ conversation: void, older: Turn[], turn: Turn, removed: Turn, history: History }>}
 * @typedef {"loading" | "ready" | "failed"} History
 */
export class Chat extends Emitter {
  #api;
  #delivery;
  /** @type {string | null} */
  #conversationId = null;
  #requestedId = null;
  #isNew = false;
  /** @type {Turn[]} */
  #turns = [];
  #loadedTurns = new Map();
  #cursor = null;
  #loading = null;
  /** @type {History} */
  #history = "ready";

  /**
   * @param {import("../api.js").HistoryApi} api
   * @param {import("./delivery.js").Delivery} delivery
   */
  constructor(api, delivery) {
    super();
    this.#api = api;
    this.#delivery = delivery;
    delivery.on("turn", ({ detail }) => this.#turnChanged(detail));
    delivery.on("adopted", ({ detail }) => this.#addElsewhere(detail));
  }

  get conversationId() {
    return this.#conversationId;
  }

  get turns() {
    return this.#turns;
  }

  /** Return the turns of a conversation that this page has loaded, whether it is shown or not. */
  loadedTurns(conversationId) {
    return conversationId === this.#conversationId ? this.#turns : (this.#loadedTurns.get(conversationId) ?? []);
  }

  /** Whether the conversation that a question would belong to is known. */
  get ready() {
    return this.#conversationId !== null;
  }

  /** The name of the shown conversation's draft. `pending`: it is not known which conversation that is. */
  get draftKey() {
    if (this.#isNew) return "new";
    const isKnown = this.#conversationId && !(this.#history === "failed" && this.#requestedId === null);
    return isKnown ? this.#conversationId : "pending";
  }

  /** The state of loading the history. */
  get history() {
    return this.#history;
  }

  get hasOlder() {
    return Boolean(this.#cursor);
  }

  /** The turn that the server is answering. */
  get current() {
    return this.#turns.find((turn) => turn.unfinished && turn.status !== "queued");
  }

  /** The turns that wait for the end of the current one. */
  get queued() {
    return this.#turns.filter((turn) => turn.status === "queued");
  }

  /** Show a conversation, by default the newest. */
  async open(conversationId = null) {
    this.#isNew = false;
    this.#requestedId = conversationId;
    const loading = this.#begin(conversationId);
    try {
      const page = await this.#api.turns(conversationId);
      if (loading !== this.#loading) return;
      this.#conversationId ??= page.turns[0]?.conversationId ?? crypto.randomUUID();
      this.#turns = this.#merge(page.turns);
      this.#isNew = this.#turns.length === 0;
      this.#cursor = page.nextCursor ?? null;
      this.#setHistory("ready");
    } catch {
      if (loading !== this.#loading) return;
      this.#conversationId ??= crypto.randomUUID();
      this.#turns = this.#merge([]);
      this.#setHistory("failed");
    }
    this.emit("conversation");
  }

  /** Show a new conversation. The first question creates it on the server. */
  start() {
    this.#isNew = true;
    this.#begin(crypto.randomUUID());
    this.#setHistory("ready");
  }

  reload() {
    return this.open(this.#requestedId);
  }

  /** Add the turns that were asked elsewhere since the history was loaded. */
  async refresh() {
    if (this.#turns.length === 0 || this.#history !== "ready") return;
    const loading = this.#loading;
    const page = await this.#api.turns(this.#conversationId).catch(() => null);
    if (!page || loading !== this.#loading) return;
    const known = new Set(this.#turns.map(({ requestId }) => requestId));
    const last = page.turns.findLastIndex(({ requestId }) => known.has(requestId)); // newer ones only, not retried ones
    if (last < 0) return;
    for (const stored of page.turns.slice(last + 1)) {
      const turn = Turn.fromHistory(stored);
      this.#addElsewhere(turn);
      this.#delivery.follow(turn);
    }
  }

  async loadOlder() {
    const cursor = this.#cursor;
    if (!cursor || this.#history === "loading") return;
    const loading = this.#loading;
    this.#setHistory("loading");
    try {
      const page = await this.#api.turns(this.#conversationId, cursor);
      if (loading !== this.#loading) return;
      const older = page.turns.map(Turn.fromHistory);
      this.#turns = [...older, ...this.#turns];
      this.#cursor = page.nextCursor ?? null;
      this.emit("older", older);
      this.#setHistory("ready");
    } catch {
      if (loading === this.#loading) this.#setHistory("failed");
    }
  }

  /** @param {{ mode?: string, targetLanguage?: string, requestId?: string }} options `requestId`: of an earlier attempt */
  ask(question, options) {
    this.#requestedId = this.#conversationId;
    this.#isNew = false;
    this.#setHistory("ready");
    const turn = Turn.create(this.#conversationId, question, options);
    this.#turns.push(turn);
    this.emit("turn", turn);
    this.#delivery.follow(turn);
    return turn;
  }

  /** Ask a failed question again. An unaccepted question keeps its id, as the server may have stored it. */
  retry(turn) {
    this.discard(turn);
    const requestId = turn.createdAt ? undefined : turn.requestId;
    const { mode, targetLanguage } = turn;
    return this.ask(turn.question, { mode, targetLanguage, requestId });
  }

  /** Remove a failed or a queued question from the page. */
  discard(turn) {
    this.#delivery.discard(turn);
    this.#remove(turn);
  }

  stop() {
    if (this.current) this.#delivery.stop(this.current);
  }

  continue(turn) {
    if (turn.unfinished) this.#delivery.resume(turn);
    else this.#delivery.continue(turn);
  }

  #begin(conversationId) {
    this.#loading = Symbol("loading");
    this.#loadedTurns.set(this.#conversationId, this.#turns);
    this.#conversationId = conversationId;
    this.#turns = [];
    this.#cursor = null;
    this.#setHistory("loading");
    this.emit("conversation");
    return this.#loading;
  }

  /** Merge stored turns with those that are still being delivered. */
  #merge(storedTurns) {
    const pending = new Map(this.#delivery.pending(this.#conversationId).map((turn) => [turn.requestId, turn]));
    const turns = withoutRetried(storedTurns).map((stored) => {
      const turn = pending.get(stored.requestId)?.load(stored) ?? Turn.fromHistory(stored);
      pending.delete(turn.requestId);
      this.#delivery.follow(turn);
      return turn;
    });
    return [...turns, ...pending.values()];
  }

  #addElsewhere(turn) {
    if (turn.conversationId !== this.#conversationId || this.#history === "loading") return;
    this.#requestedId = this.#conversationId;
    this.#turns.push(turn);
    this.emit("turn", turn);
  }

  #turnChanged(turn) {
    if (turn.stopReason === "dropped") this.#remove(turn);
    else if (turn.conversationId === this.#conversationId) this.emit("turn", turn);
  }

  #remove(turn) {
    this.#turns = this.#turns.filter((other) => other !== turn);
    this.emit("removed", turn);
  }

  #setHistory(history) {
    this.#history = history;
    this.emit("history", history);
  }
}

/** Leave out failed turns whose question was asked again in the next turn. */
function withoutRetried(storedTurns) {
  return storedTurns.filter(({ status, answer, question }, index) => {
    return !(status === "failed" && !answer && storedTurns[index + 1]?.question === question);
  });
}
