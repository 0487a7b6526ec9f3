import { t } from "../text.js";
import { copyRich, copyText } from "./copy.js";
import { byId } from "./dom.js";
import { TurnView } from "./turn.js";

/** The turns of the shown conversation, and the actions of their buttons. */
export class TranscriptView {
  #chat;
  #root = byId("turns");
  #scroll;
  #actions;
  /** @type {Map<string, TurnView>} */
  #views = new Map();
  #questions = new IntersectionObserver(markPassed, { root: byId("transcript") });

  /** @param {import("./variants.js").VariantsContext & { model?: string }} context `model`: of a laptop run */
  constructor(context) {
    const { chat, scroll, composer, model } = context;
    const run = (action, turn, node) => this.#actions[action]?.(turn, node);
    this.#chat = chat;
    this.#scroll = scroll;
    const loadVariants = () => import("./variants.js");
    const load =
      (name, /** @type {() => Promise<any>} */ loadModule = loadVariants) =>
      async (turn, button) => {
        try {
          const module = await loadModule();
          await module[name](context, turn, button, run);
        } catch {
          context.status.alert(t("variantFailed"));
        }
      };
    this.#actions = {
      retry: (turn) => {
        if (turn.canBranch) composer.stop(); // an answer that would not be on the shown branch
        chat.retry(turn);
        composer.focus();
      },
      continue: (turn) => {
        chat.continue(turn);
        composer.focus();
      },
      edit: (turn, button) => (turn.canBranch ? load("editQuestion")(turn, button) : composer.edit(turn)),
      "take-back": (turn) => {
        composer.edit(turn);
        if (turn.variants) load("discardVariant")(turn);
        else chat.discard(turn);
      },
      "open-menu": load("openMenu"),
      "open-more": load("openMore", () => import("./more.js")),
      "show-previous": load("showPrevious"),
      "show-next": load("showNext"),
      "read-aloud": load("toggleReading", () => import("./speech.js")),
      rate: load("rate", () => import("./feedback.js")),
      share: load("openShare", () => import("./share.js")),
      "open-source": load("openSource", () => import("./sources.js")),
      "copy-answer": (turn, button) => copyRich(turn.answer, button),
      "copy-question": (turn, button) => copyText(turn.question, button),
      details: (turn) => this.#views.get(turn.requestId).toggleDetails(model),
    };
    chat.on("conversation", () => this.#renderAll());
    chat.on("older", ({ detail }) => this.#prepend(detail));
    chat.on("turn", ({ detail }) => this.#update(detail));
    chat.on("removed", ({ detail }) => this.#remove(detail));
    chat.on("branch", ({ detail }) => this.#append(detail));
    this.#root.addEventListener("click", (event) => this.#clicked(event.target.closest("button")));
  }

  #renderAll() {
    this.#views.clear();
    this.#questions.disconnect();
    this.#root.replaceChildren(...this.#chat.turns.map((turn) => this.#create(turn).node));
    this.#scroll.scrollToEnd();
  }

  #prepend(turns) {
    this.#scroll.keepPosition(() => {
      this.#root.prepend(...turns.map((turn) => this.#create(turn).node));
    });
  }

  #append(turns) {
    this.#root.append(...turns.map((turn) => this.#create(turn).node));
  }

  #update(turn) {
    const view = this.#views.get(turn.requestId);
    if (view) {
      view.update();
      return;
    }
    this.#append([turn]);
    // A question that waits does not push the running answer out of view.
    const { current = turn } = this.#chat;
    if (current === turn) this.#views.get(turn.requestId).node.dataset.risen = "";
    this.#scroll.scrollToEnd();
  }

  #create(turn) {
    const view = new TurnView(turn, this.#chat.isTemporary);
    this.#views.set(turn.requestId, view);
    this.#questions.observe(view.node.querySelector(".bubble"));
    return view;
  }

  #remove(turn) {
    this.#views.get(turn.requestId)?.node.remove();
    this.#views.delete(turn.requestId);
  }

  #clicked(button) {
    if (!button) return;
    if (button.dataset.copy) {
      copyText(button.closest(".code").querySelector("code").textContent, button);
      return;
    }
    const view = this.#views.get(button.closest("article")?.dataset.requestId);
    if (view) this.#actions[button.dataset.action]?.(view.turn, button);
  }
}

/** Mark the turns whose question has scrolled out at the top: the style sheet then shows its first line. */
function markPassed(entries) {
  for (const { target, isIntersecting, boundingClientRect, rootBounds } of entries) {
    const isAbove = !isIntersecting && boundingClientRect.bottom <= rootBounds.top;
    target.closest("article").toggleAttribute("data-passed", isAbove);
  }
}
