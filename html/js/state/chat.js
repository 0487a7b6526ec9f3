import { Turn } from "./turn.js";

/**
 * The conversation that is shown. Events: `conversation` (another one, or its history came), `older`
 * (turns added in front), `turn` (new or changed), `removed`, `history` (`loading`, `ready`, `failed`).
 */
export class Chat extends EventTarget {
  #api;
  #delivery;
  #conversationId = null;
  #requestedId = null;
  #turns = [];
  #read = new Map();
  #cursor = null;
  #loading = null;
  #history = "ready";

  constructor(api, delivery) {
    super();
    this.#api = api;
    this.#delivery = delivery;
    delivery.addEventListener("turn", ({ detail }) => this.#turnChanged(detail));
  }

  get conversationId() {
    return this.#conversationId;
  }

  get turns() {
    return this.#turns;
  }

  /** What this page has read of a conversation, shown or not. */
  read(conversationId) {
    return conversationId === this.#conversationId ? this.#turns : (this.#read.get(conversationId) ?? []);
  }

  /** Whether it is known which conversation a question would belong to. */
  get ready() {
    return this.#conversationId !== null;
  }

  get history() {
    return this.#history;
  }

  get hasOlder() {
    return Boolean(this.#cursor);
  }

  get current() {
    return this.#turns.find((turn) => turn.unfinished && turn.status !== "queued");
  }

  /** Shows a conversation, by default the newest. */
  async open(conversationId) {
    const loading = this.#begin(conversationId ?? null);
    this.#requestedId = conversationId;
    try {
      const page = await this.#api.turns(conversationId);
      if (loading !== this.#loading) return;
      this.#conversationId ??= page.turns[0]?.conversation_id ?? crypto.randomUUID();
      this.#turns = this.#adopt(page.turns);
      this.#cursor = page.next_cursor ?? null;
      this.#become("ready");
    } catch {
      if (loading !== this.#loading) return;
      this.#conversationId ??= crypto.randomUUID();
      this.#turns = this.#adopt([]);
      this.#become("failed");
    }
    this.#emit("conversation");
  }

  /** A fresh conversation; the server hears of it with its first question. */
  start() {
    this.#begin(crypto.randomUUID());
    this.#become("ready");
  }

  reload() {
    return this.open(this.#requestedId);
  }

  async loadOlder() {
    const cursor = this.#cursor;
    if (!cursor || this.#history === "loading") return;
    const loading = this.#loading;
    this.#become("loading");
    try {
      const page = await this.#api.turns(this.#conversationId, cursor);
      if (loading !== this.#loading) return;
      const older = page.turns.map(Turn.fromHistory);
      this.#turns = [...older, ...this.#turns];
      this.#cursor = page.next_cursor ?? null;
      this.#emit("older", older);
      this.#become("ready");
    } catch {
      if (loading === this.#loading) this.#become("failed");
    }
  }

  ask(text, { mode, requestId } = {}) {
    this.#requestedId = this.#conversationId;
    this.#become("ready");
    const turn = Turn.ask(this.#conversationId, text, { mode, requestId });
    this.#turns.push(turn);
    this.#emit("turn", turn);
    this.#delivery.follow(turn);
    return turn;
  }

  /** Asks again; a question never accepted keeps its id, as it may be stored. */
  retry(turn) {
    this.discard(turn);
    const requestId = turn.createdAt ? undefined : turn.requestId;
    return this.ask(turn.text, { mode: turn.mode, requestId });
  }

  /** Takes a failed question off the page. */
  discard(turn) {
    this.#delivery.discard(turn);
    this.#drop(turn);
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
    this.#read.set(this.#conversationId, this.#turns);
    this.#conversationId = conversationId;
    this.#turns = [];
    this.#cursor = null;
    this.#become("loading");
    this.#emit("conversation");
    return this.#loading;
  }

  #adopt(items) {
    const live = new Map(this.#delivery.live(this.#conversationId).map((turn) => [turn.requestId, turn]));
    const stored = withoutRetried(items).map((item) => {
      const turn = live.get(item.request_id)?.load(item) ?? Turn.fromHistory(item);
      live.delete(turn.requestId);
      this.#delivery.follow(turn);
      return turn;
    });
    return [...stored, ...live.values()];
  }

  #turnChanged(turn) {
    if (turn.stopReason === "dropped") this.#drop(turn);
    else if (turn.conversationId === this.#conversationId) this.#emit("turn", turn);
  }

  #drop(turn) {
    this.#turns = this.#turns.filter((other) => other !== turn);
    this.#emit("removed", turn);
  }

  #become(history) {
    this.#history = history;
    this.#emit("history", history);
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** A failed turn whose question was asked again at once is of no more interest. */
function withoutRetried(items) {
  return items.filter((item, index) => {
    const next = items[index + 1];
    return !(item.status === "failed" && !item.answer && next?.text === item.text);
  });
}
