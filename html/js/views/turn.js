import { quotaRenewal } from "../dates.js";
import { supports } from "../protocol.js";
import { failureText, t } from "../text.js";
import { modeText } from "../translation.js";
import { byId, element, face, icon, paths } from "./dom.js";
import { Reveal } from "./reveal.js";

const LONG_WAIT_MS = 5_000;
const WAIT_TICK_MS = 1_000;
/** Why an answer ended early. */
const STOP_REASONS = /** @type {const} */ ({
  length: "endedLength",
  cancelled: "endedCancelled",
  deadline: "endedDeadline",
});

/** A question and its answer. The transcript handles the buttons, by their `data-action`. */
export class TurnView {
  node;
  #turn;
  #isTemporary;
  #prose = element("div", { className: "prose" });
  #reveal = this.#createReveal();
  #snapshots = -1;
  #finishedAnswer = null;
  #state = element("p", { className: "state" });
  #changes = element("section", { className: "changes", hidden: true });
  #actions = element("div", { className: "actions" });
  #details = element("dl", { className: "details", tabIndex: -1, hidden: true });
  #renderedState = null;
  #waitTimer = 0;

  /**
   * @param {import("../state/turn.js").Turn} turn
   * @param {boolean} isTemporary whether its conversation is temporary, so that it can be neither shared nor rated
   */
  constructor(turn, isTemporary) {
    this.#turn = turn;
    this.#isTemporary = isTemporary;
    const speaker = element("h2", { className: "speaker" }, face(), t("name"));
    this.node = element(
      "article",
      { className: "turn", ariaLabel: t("turnLabel", { question: turn.question.slice(0, 60) }) },
      renderQuestion(turn),
      element(
        "div",
        { className: "answer" },
        speaker,
        this.#prose,
        this.#state,
        this.#changes,
        this.#actions,
        this.#details,
      ),
    );
    this.node.dataset.requestId = turn.requestId;
    this.node.dataset.question = turn.question.slice(0, 200);
    this.update();
  }

  get turn() {
    return this.#turn;
  }

  update() {
    const turn = this.#turn;
    this.#renderAnswer(turn);
    this.node.ariaBusy = String(turn.unfinished);
    const { index, heads } = turn.variants ?? {};
    const { status, stopReason, code, interruption, progress } = turn;
    const shown = [status, stopReason, code, interruption, index, heads?.length, progress?.stage, progress?.done];
    const state = shown.join();
    for (const button of this.#actions.querySelectorAll("[data-rating]")) showChoice(button, turn.feedback);
    if (state === this.#renderedState) return;
    this.#renderedState = state;
    this.node.dataset.status = turn.status;
    this.#showState();
    if (this.#actions.contains(document.activeElement)) byId("transcript").focus({ preventScroll: true });
    this.#actions.replaceChildren(...renderActions(turn, this.#isTemporary));
    this.#details.hidden = true;
    if (turn.mode === "grammar" && turn.stopReason === "stop") this.#showChanges();
    if (turn.status === "done" && turn.model && turn.modelId && turn.modelId !== turn.model) this.#nameModel();
  }

  /** Show the changes of a complete proofreading. Without their module, the answer stands alone. */
  async #showChanges() {
    const module = await import("./changes.js").catch(() => null);
    const changes = module?.renderChanges(this.#turn) ?? [];
    this.#changes.replaceChildren(...changes);
    this.#changes.hidden = changes.length === 0;
  }

  /** Say that another model than the chosen one has answered. */
  async #nameModel() {
    const module = await import("./model.js").catch(() => null);
    if (!module || this.#turn.unfinished) return;
    this.#state.textContent = `${stateText(this.#turn)} ${module.otherModelText(this.#turn)}`.trim();
    this.#state.hidden = false;
  }

  /** Open and focus the details, or close them. */
  async toggleDetails(model) {
    const { renderDetails } = await import("./details.js");
    const opens = this.#details.hidden;
    if (opens) this.#details.replaceChildren(...renderDetails(this.#turn, model, STOP_REASONS[this.#turn.stopReason]));
    this.#details.hidden = !opens;
    if (opens) this.#details.focus();
  }

  #createReveal() {
    this.#prose.replaceChildren();
    return new Reveal(this.#prose, () => this.#showMarks());
  }

  /** Make the marks of the sources buttons. Without their module, they stay text. */
  async #showMarks() {
    if (this.#turn.sources.length === 0) return;
    const module = await import("./sources.js").catch(() => null);
    if (!this.#turn.unfinished) module?.markSources(this.#prose, this.#turn.sources);
  }

  #renderAnswer({ answer, unfinished, snapshots, sources }) {
    const isSnapshot = snapshots !== this.#snapshots;
    this.#snapshots = snapshots;
    this.#prose.hidden = answer === "";
    if (unfinished) {
      const hasMarks = this.#finishedAnswer !== null && sources.length > 0;
      if (hasMarks) this.#reveal = this.#createReveal(); // it replaces the marks by text
      this.#finishedAnswer = null;
      this.#reveal.show(answer, isSnapshot || hasMarks);
    } else if (this.#finishedAnswer !== answer) {
      this.#finishedAnswer = answer;
      this.#reveal.finish(answer, isSnapshot);
    }
  }

  async #showProgress() {
    const module = await import("./document_text.js").catch(() => null);
    const { status, progress } = this.#turn;
    if (module && status === "waiting" && progress) module.showProgress(this.#state, progress);
  }

  /** Show the state; while no text has arrived, count the seconds. */
  #showState() {
    clearTimeout(this.#waitTimer);
    const isWaiting = this.#turn.status === "waiting";
    if (isWaiting && this.#turn.progress) {
      this.#showProgress();
      return;
    }
    const text = stateText(this.#turn);
    this.#state.textContent = text;
    this.#state.hidden = text === "";
    if (!isWaiting) return;
    this.#waitTimer = setTimeout(() => this.node.isConnected && this.#showState(), WAIT_TICK_MS);
  }
}

function renderQuestion(turn) {
  const mode =
    turn.mode === "chat" ? [] : [element("p", { className: "mode", dataset: { mode: turn.mode } }, modeText(turn))];
  return element(
    "div",
    { className: "question" },
    element("h2", { className: "hidden" }, t("you")),
    ...mode,
    element("p", { className: "bubble" }, turn.question),
    element("div", { className: "actions" }, actionButton("copy-question", "copy"), actionButton("edit", "edit")),
  );
}

function stateText({ status, interruption, stopReason, code, refusal, askedAt }) {
  if (status === "failed") return failureText(code, refusal?.at);
  if (status === "done")
    return [stopReason in STOP_REASONS && t(STOP_REASONS[stopReason]), code && failureText(code)]
      .filter(Boolean)
      .join(" ");
  if (status === "sending" && interruption === "lost") return t("unsent");
  if (status === "answering") return t(interruption ?? status);
  if (status !== "waiting") return t(interruption === "held" ? "held" : status);
  if (interruption && interruption !== "resuming") return t(interruption);
  const waited = Date.now() - askedAt;
  return waited < LONG_WAIT_MS ? t("waiting") : t("waitingLong", { seconds: Math.floor(waited / 1_000) });
}

function renderActions(turn, isTemporary) {
  const continues = turn.unfinished ? turn.interruption === "stalled" : turn.canContinue;
  const buttons = [];
  if (turn.status === "queued") buttons.push(actionButton("take-back", "takeBack"));
  if (turn.status === "failed") buttons.push(...failureActions(turn));
  if (continues) buttons.push(actionButton("continue", "carryOn", "primary"));
  if (!turn.unfinished) {
    if (turn.answer) buttons.push(actionButton("copy-answer", "copy"));
    if (turn.status === "done" && turn.canBranch) {
      buttons.push(menuButton("open-menu", "regenerate", "has-name"));
    }
  }
  if (turn.answer && "speechSynthesis" in window) buttons.push(actionButton("read-aloud", "readAloud"));
  if (!isTemporary && supports("share") && turn.status === "done" && turn.turnId) {
    buttons.push(actionButton("share", "share"));
  }
  if (!isTemporary && turn.canRate)
    buttons.push(rateButton(turn, "up", "rateUp"), rateButton(turn, "down", "rateDown"));
  if (!turn.unfinished && !turn.refusal) buttons.push(menuButton("open-more", "more"));
  if (turn.variants) buttons.push(renderSwitcher(turn));
  return buttons;
}

/** Return the element of the switcher. Its module is loaded when the first turn with variants is shown. */
function renderSwitcher(turn) {
  const box = element("div", { className: "switcher" });
  const fill = ({ fillSwitcher }) => fillSwitcher(box, turn.variants);
  import("./variants.js").then(fill, () => {}); // without its module, the answer stands alone
  return box;
}

/** Offer a retry if it can succeed. Offer to edit the question if it was refused or if a retry would fail again. */
function failureActions({ code, retryable, refusal }) {
  const isQuotaRenewed = code === "quota_exceeded" && refusal && Date.now() >= quotaRenewal(refusal.at);
  const retry = retryable || isQuotaRenewed ? [actionButton("retry", "retry", "primary")] : [];
  return refusal || retry.length === 0 ? [...retry, actionButton("take-back", "takeBack", "primary")] : retry;
}

function rateButton(turn, rating, label) {
  const properties = { type: "button", className: "icon-button quiet", ariaLabel: t(label) };
  const button = element("button", { ...properties, dataset: { action: "rate", rating } }, icon(paths[rating]));
  showChoice(button, turn.feedback);
  return button;
}

/** Show in a thumb whether it is the rating of the answer. */
function showChoice(thumb, feedback) {
  const isChosen = feedback?.rating === thumb.dataset.rating;
  thumb.ariaPressed = String(isChosen);
  thumb.firstChild.classList.toggle("solid", isChosen);
}

function menuButton(name, label, className = "") {
  return Object.assign(actionButton(name, label, `menu-button ${className}`), { ariaHasPopup: "menu" });
}

function actionButton(name, label, className = "") {
  return element(
    "button",
    { type: "button", className: `action ${className}`.trim(), dataset: { action: name } },
    t(label),
  );
}
