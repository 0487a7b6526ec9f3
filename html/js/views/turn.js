import { MarkdownStream } from "../markdown/stream.js";
import { say, sayFailure } from "../text.js";
import { element } from "./dom.js";

const LONG_WAIT_MS = 5_000;
const ENDINGS = { length: "endedLength", cancelled: "endedCancelled", deadline: "endedDeadline" };

/** One question and its answer. Its buttons say what they want by `data-action`; the transcript listens. */
export class TurnView {
  node;
  #turn;
  #prose = element("div", { className: "prose" });
  #stream = new MarkdownStream(this.#prose);
  #settled = null;
  #state = element("p", { className: "state" });
  #actions = element("div", { className: "actions" });
  #shown = null;
  #patience = 0;

  constructor(turn) {
    this.#turn = turn;
    const speaker = element("h2", { className: "speaker" }, say("name"));
    this.node = element(
      "article",
      { className: "turn", ariaLabel: say("turnLabel", { text: turn.text.slice(0, 60) }) },
      renderQuestion(turn),
      element("div", { className: "answer" }, speaker, this.#prose, this.#state, this.#actions),
    );
    this.node.dataset.requestId = turn.requestId;
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
    this.#actions.replaceChildren(...actionsFor(turn));
    clearTimeout(this.#patience);
    if (turn.status === "waiting") {
      this.#patience = setTimeout(() => this.#describe(say("waitingLong")), LONG_WAIT_MS);
    }
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
  return element(
    "div",
    { className: "question" },
    element("h2", { className: "hidden" }, say("you")),
    element("p", { className: "bubble" }, turn.text),
    element("div", { className: "actions" }, action("copy-question", "copy"), action("edit", "edit")),
  );
}

function stateText(turn) {
  if (turn.status === "failed") return sayFailure(turn.code);
  if (turn.status === "done") return turn.stopReason in ENDINGS ? say(ENDINGS[turn.stopReason]) : "";
  return say((turn.status === "answering" && turn.interruption) || turn.status);
}

function actionsFor(turn) {
  if (turn.unfinished) return [];
  const buttons = [];
  if (turn.status === "failed") buttons.push(action("retry", "retry", "primary"));
  if (turn.canContinue) buttons.push(action("continue", "carryOn", "primary"));
  if (turn.answer) buttons.push(action("copy-answer", "copy"));
  return buttons;
}

function action(name, label, className = "") {
  return element(
    "button",
    { type: "button", className: `action ${className}`.trim(), dataset: { action: name } },
    say(label),
  );
}
