import { nextQuota } from "../dates.js";
import { MarkdownStream } from "../markdown/stream.js";
import { say, sayFailure } from "../text.js";
import { renderDetails, sayEnding } from "./details.js";
import { element, part } from "./dom.js";

const LONG_WAIT_MS = 5_000;
/** Failures that the same text would only meet again. */
const HOPELESS = new Set(["bad_request", "too_large", "context_too_long", "content_blocked"]);

/** One question and its answer. Its buttons say what they want by `data-action`; the transcript listens. */
export class TurnView {
  node;
  #turn;
  #prose = element("div", { className: "prose" });
  #stream = new MarkdownStream(this.#prose);
  #settled = null;
  #state = element("p", { className: "state" });
  #actions = element("div", { className: "actions" });
  #details = element("dl", { className: "details", hidden: true });
  #shown = null;
  #patience = 0;

  constructor(turn) {
    this.#turn = turn;
    const speaker = element("h2", { className: "speaker" }, say("name"));
    this.node = element(
      "article",
      { className: "turn", ariaLabel: say("turnLabel", { text: turn.text.slice(0, 60) }) },
      renderQuestion(turn),
      element("div", { className: "answer" }, speaker, this.#prose, this.#state, this.#actions, this.#details),
    );
    this.node.dataset.requestId = turn.requestId;
    this.node.dataset.question = turn.text.slice(0, 200);
    this.#details.id = `details-${turn.requestId}`;
    this.update();
  }

  get turn() {
    return this.#turn;
  }

  update() {
    const turn = this.#turn;
    this.#show(turn);
    this.node.ariaBusy = String(turn.unfinished);
    const shown = [turn.status, turn.stopReason, turn.code, turn.interruption].join();
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.node.dataset.status = turn.status;
    this.#describe(stateText(turn));
    if (this.#actions.contains(document.activeElement)) part("transcript").focus({ preventScroll: true });
    this.#actions.replaceChildren(...actionsFor(turn));
    this.#details.hidden = true;
    clearTimeout(this.#patience);
    if (turn.status === "waiting" && stateText(turn) === say("waiting")) {
      this.#patience = setTimeout(() => this.#describe(say("waitingLong")), LONG_WAIT_MS);
    }
  }

  /** Opens or closes what its button is about. */
  toggle(button) {
    const opens = this.#details.hidden;
    if (opens) this.#details.replaceChildren(...renderDetails(this.#turn));
    this.#details.hidden = !opens;
    button.ariaExpanded = String(opens);
    button.setAttribute("aria-controls", this.#details.id);
  }

  #show({ answer, unfinished }) {
    this.#prose.hidden = answer === "";
    if (unfinished) {
      this.#settled = null;
      this.#stream.show(answer);
    } else if (this.#settled !== answer) {
      this.#settled = answer;
      this.#stream.finish(answer);
    }
  }

  #describe(text) {
    this.#state.textContent = text;
    this.#state.hidden = text === "";
  }
}

function renderQuestion(turn) {
  const mode = turn.mode === "chat" ? [] : [element("p", { className: "mode" }, say(turn.mode))];
  return element(
    "div",
    { className: "question" },
    element("h2", { className: "hidden" }, say("you")),
    ...mode,
    element("p", { className: "bubble" }, turn.text),
    element("div", { className: "actions" }, action("copy-question", "copy"), action("edit", "edit")),
  );
}

function stateText(turn) {
  const { status, interruption } = turn;
  if (status === "failed") return sayFailure(turn.code, turn.refusal?.at);
  if (status === "done")
    return [sayEnding(turn.stopReason), turn.code && sayFailure(turn.code)].filter(Boolean).join(" ");
  if (status === "sending" && interruption === "lost") return say("unsent");
  if (status === "answering") return say(interruption ?? status);
  if (status === "waiting" && interruption !== "resuming") return say(interruption ?? status);
  return say(status);
}

function actionsFor(turn) {
  const goesOn = turn.unfinished ? turn.interruption === "stalled" : turn.canContinue;
  const buttons = [];
  if (turn.status === "failed") buttons.push(...waysOut(turn));
  if (goesOn) buttons.push(action("continue", "carryOn", "primary"));
  if (turn.unfinished) return buttons;
  if (turn.answer) buttons.push(action("copy-answer", "copy"));
  if (!turn.refusal) buttons.push(Object.assign(action("details", "details"), { ariaExpanded: "false" }));
  return buttons;
}

/** Asking again where that may help; else the text goes back to be changed, or kept for the next day. */
function waysOut({ code, refusal }) {
  const quota = code === "quota_exceeded" && Date.now() < nextQuota(refusal?.at ?? Date.now());
  const retry = quota || HOPELESS.has(code) ? [] : [action("retry", "retry", "primary")];
  return refusal || retry.length === 0 ? [...retry, action("take-back", "takeBack", "primary")] : retry;
}

function action(name, label, className = "") {
  return element(
    "button",
    { type: "button", className: `action ${className}`.trim(), dataset: { action: name } },
    say(label),
  );
}
