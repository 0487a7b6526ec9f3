import { Emitter } from "../emitter.js";
import { NEW_ID } from "../keys.js";
import { findModel } from "../models.js";
import { detectTargetLanguage } from "../translation.js";
import { extend, leadTo } from "./branches.js";
import { Turn } from "./turn.js";

/**
 * The shown conversation, of which one branch is shown. Events: `conversation` (another one is shown, or its history is
 * loaded), `older` (turns were added in front), `turn` (a turn is new or has changed), `removed` (a turn), `branch`
 * (turns of another branch take the place of removed ones), `newer` (whether turns were asked elsewhere on a branch that
 * is not shown), `model` (another one was chosen), `history` (its state has changed).
 * @extends {Emitter<{ conversation: void, older: Turn[], turn: Turn, removed: Turn, branch: Turn[], newer: boolean,
 *   model: void, history: History }>}
 * @typedef {"loading" | "ready" | "failed"} History
 */
export class Chat extends Emitter {
  #api;
  #delivery;
  #drafts;
  /** @type {string | null} */
  #conversationId = null;
  #requestedId = null;
  #isNew = false;
  #isTemporary = false;
  /** @type {Turn[]} */
  #turns = [];
  #cursor = null;
  #loading = null;
  /** @type {History} */
  #history = "ready";

  /**
   * @param {import("../api.js").HistoryApi} api
   * @param {import("./delivery.js").Delivery} delivery
   * @param {import("./drafts.js").Drafts} drafts
   */
  constructor(api, delivery, drafts) {
    super();
    this.#api = api;
    this.#delivery = delivery;
    this.#drafts = drafts;
    delivery.on("turn", ({ detail }) => this.#turnChanged(detail));
    delivery.on("adopted", ({ detail }) => this.#addElsewhere(detail));
  }

  get conversationId() {
    return this.#conversationId;
  }

  get turns() {
    return this.#turns;
  }

  /** Whether the conversation that a question would belong to is known. */
  get ready() {
    return this.#conversationId !== null;
  }

  get isTemporary() {
    return this.#isTemporary;
  }

  /** Whether the server may have documents of the shown conversation. */
  get mayHaveDocuments() {
    return this.#turns.length > 0 || (this.ready && this.#requestedId === this.#conversationId);
  }

  /** The name of the shown conversation's draft. `pending`: it is not known which conversation that is. */
  get draftKey() {
    if (this.#isTemporary) return "temporary";
    if (this.#isNew) return "new";
    const isKnown = this.#conversationId && !(this.#history === "failed" && this.#requestedId === null);
    return isKnown ? this.#conversationId : "pending";
  }

  /**
   * The id of the model that the next question chooses: that of the last turn, or the one that was chosen since. Null: the
   * order of the deployment. @type {string | null}
   */
  get model() {
    const chosen = this.#drafts.get(this.#modelKey) || this.#turns.at(-1)?.model;
    return findModel(chosen)?.id ?? null;
  }

  set model(id) {
    this.#drafts.set(this.#modelKey, id ?? "none");
    this.emit("model");
  }

  get #modelKey() {
    return `${this.draftKey}.model`;
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

  /** Show a conversation, by default the newest; with a turn, the branch through it, on other devices as well. */
  async open(conversationId = null, isTemporary = false, turnId = null) {
    this.#isNew = false;
    this.#requestedId = conversationId;
    const loading = this.#begin(conversationId, isTemporary);
    try {
      if (turnId) this.#api.change(conversationId, { head: turnId }).catch(() => {}); // another device may show another one
      const page = await this.#api.turns(conversationId, null, turnId ? { head: turnId } : {});
      if (loading !== this.#loading) return;
      this.#conversationId ??= page.turns[0]?.conversationId ?? this.#newId();
      this.#turns = this.#withPending(
        withoutRetried(page.turns).map((stored) => this.#load(stored)),
        true,
      );
      this.#isNew = this.#turns.length === 0;
      this.#cursor = page.nextCursor ?? null;
      this.#setHistory("ready");
    } catch {
      if (loading !== this.#loading) return;
      this.#conversationId ??= crypto.randomUUID();
      this.#turns = this.#withPending([], true);
      this.#setHistory("failed");
    }
    this.emit("conversation");
  }

  /** Show a new conversation. The first question creates it on the server. */
  start(isTemporary = false) {
    this.#isNew = true;
    this.#begin(isTemporary ? crypto.randomUUID() : this.#newId(), isTemporary);
    this.#setHistory("ready");
  }

  reload() {
    return this.open(this.#requestedId, this.#isTemporary);
  }

  /** Add the turns that were asked elsewhere since the history was loaded, if they follow the shown ones. */
  async refresh() {
    const end = this.#turns.findLast(({ isStored }) => isStored);
    if (!end || this.#history !== "ready") return;
    const loading = this.#loading;
    const page = await this.#api.turns(this.#conversationId).catch(() => null);
    if (!page || loading !== this.#loading || !this.#turns.includes(end)) return;
    const at = page.turns.findIndex(({ requestId }) => requestId === end.requestId);
    if (at < 0) {
      if (page.turns.at(-1)?.turnId) this.emit("newer", true);
      return;
    }
    const shown = new Set(this.#turns.map(({ requestId }) => requestId));
    for (const stored of page.turns.slice(at + 1)) {
      if (shown.has(stored.requestId)) continue;
      const turn = Turn.fromHistory(stored);
      this.#addElsewhere(turn);
      this.#delivery.follow(turn);
    }
  }

  /**
   * Show another branch: other turns in place of a turn and those after it.
   * @param {Turn} turn
   * @param {(Turn | import("../api.js").StoredTurn)[]} others
   */
  replaceFrom(turn, others) {
    const before = this.#turns;
    const at = before.indexOf(turn);
    const loaded = others.map((other) => (other instanceof Turn ? other : this.#load(other)));
    this.#turns = this.#withPending([...before.slice(0, at), ...loaded], false);
    for (const replaced of before.slice(at)) this.emit("removed", replaced);
    this.emit("branch", this.#turns.slice(at));
    this.emit("newer", false);
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

  /** @param {Parameters<typeof Turn.create>[2]} options `requestId`: of an earlier attempt */
  ask(question, options) {
    const { model, isTemporary: temporary } = this;
    const turn = Turn.create(this.#conversationId, question, { model, ...options, temporary });
    this.#drafts.set(this.#modelKey, "");
    const start = this.#isNew ? "root" : null;
    const last = this.#turns.at(-1);
    if (last?.unfinished) turn.after ??= last.requestId;
    else if (!this.current) turn.parent ??= last ? last.headId : start;
    this.#requestedId = this.#conversationId;
    if (this.#isNew && !this.#isTemporary) this.#drafts.set(NEW_ID, "");
    this.#isNew = false;
    this.#setHistory("ready");
    const before = this.#turns;
    this.#turns = leadTo(before, turn);
    for (const replaced of before.slice(this.#turns.length - 1)) this.emit("removed", replaced);
    this.emit("turn", turn);
    this.#delivery.follow(turn);
    return turn;
  }

  /**
   * Ask the question of a turn again, or another one in its place. The turn stays, as a variant.
   * @param {Turn} turn
   * @param {{ question?: string, wish?: string }} change
   */
  askAgain(turn, { question = turn.question, wish } = {}) {
    const isDetected = turn.targetLanguage === detectTargetLanguage(turn.question);
    const targetLanguage = isDetected ? detectTargetLanguage(question) : turn.targetLanguage;
    const { model } = this;
    return this.ask(question, { ...turn.options, targetLanguage, variantOf: turn.turnId, wish, model });
  }

  /** Ask a failed question again. An unaccepted question keeps its id, as the server may have stored it. */
  retry(turn) {
    if (turn.canBranch) return this.askAgain(turn, turn);
    const { model } = this;
    this.discard(turn);
    const requestId = turn.refusal ? turn.requestId : undefined;
    const parent = turn.variantOf && turn.parent;
    return this.ask(turn.question, { ...turn.options, parent, requestId, variants: turn.variants, model });
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

  /** Return an id for a new conversation: that of the documents which wait for its first question, if there are some. */
  #newId() {
    this.#requestedId = this.#drafts.get(NEW_ID) || null;
    return this.#requestedId ?? crypto.randomUUID();
  }

  #begin(conversationId, isTemporary) {
    this.#loading = Symbol("loading");
    this.#isTemporary = isTemporary;
    this.#conversationId = conversationId;
    this.#turns = [];
    this.#cursor = null;
    this.#setHistory("loading");
    this.emit("conversation");
    this.emit("newer", false);
    return this.#loading;
  }

  /** Return the turn of a stored one: the one that is still being delivered, or a new one. */
  #load(stored) {
    const turn = this.#delivery.find(stored.requestId)?.load(stored) ?? Turn.fromHistory(stored);
    this.#delivery.follow(turn);
    return turn;
  }

  /**
   * Return a branch of stored turns, with those that are still being delivered. `isHead`: the server shows this branch.
   * A question that it does not have yet may then lead to another one.
   */
  #withPending(turns, isHead) {
    return this.#delivery.pending(this.#conversationId).reduce((branch, turn) => {
      if (branch.includes(turn)) return branch;
      const leads = isHead && (turn.refusal ? !turn.variantOf : !turn.known && !turn.after);
      return leads ? leadTo(branch, turn) : extend(branch, turn);
    }, turns);
  }

  #addElsewhere(turn) {
    if (turn.conversationId !== this.#conversationId || this.#history === "loading") return;
    const { length } = this.#turns;
    this.#requestedId = this.#conversationId;
    this.#turns = extend(this.#turns, turn);
    if (this.#turns.length > length) this.emit("turn", turn);
    else {
      const sibling = this.#turns.find(({ variants }) => variants?.heads.includes(turn));
      if (sibling) this.emit("turn", sibling);
      this.emit("newer", true);
    }
  }

  #turnChanged(turn) {
    if (turn.stopReason === "dropped") this.#remove(turn);
    else if (this.#turns.includes(turn)) this.emit("turn", turn);
    if (turn.code === "not_found" && turn.parent) this.refresh(); // the parent was deleted elsewhere
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
