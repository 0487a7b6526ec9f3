import { say } from "../text.js";
import { part } from "./dom.js";
import { TurnView } from "./turn.js";

/**
 * The turns of the shown conversation. Copying and details are its own affair; `retry`, `continue`,
 * `edit` and `take-back` are handed on through the `actions` table.
 */
export class TranscriptView {
  #chat;
  #root = part("turns");
  #follow;
  #actions;
  #views = new Map();
  #passing = new IntersectionObserver(markPassed, { root: part("transcript") });

  constructor(chat, follow, actions) {
    this.#chat = chat;
    this.#follow = follow;
    this.#actions = {
      ...actions,
      "copy-answer": (turn, button) => this.#copy(turn.answer, button),
      "copy-question": (turn, button) => this.#copy(turn.text, button),
      details: (turn, button) => this.#views.get(turn.requestId).toggle(button),
    };
    chat.addEventListener("conversation", () => this.#showAll());
    chat.addEventListener("older", ({ detail }) => this.#prepend(detail));
    chat.addEventListener("turn", ({ detail }) => this.#update(detail));
    chat.addEventListener("removed", ({ detail }) => this.#remove(detail));
    this.#root.addEventListener("click", (event) => this.#clicked(event.target.closest("button")));
  }

  #showAll() {
    this.#views.clear();
    this.#passing.disconnect();
    this.#root.replaceChildren(...this.#chat.turns.map((turn) => this.#create(turn).node));
    this.#follow.toEnd();
  }

  #prepend(turns) {
    this.#follow.keepPlace(() => {
      this.#root.prepend(...turns.map((turn) => this.#create(turn).node));
    });
  }

  #update(turn) {
    const view = this.#views.get(turn.requestId);
    if (view) {
      view.update();
      return;
    }
    this.#root.append(this.#create(turn).node);
    this.#follow.toEnd();
  }

  #create(turn) {
    const view = new TurnView(turn);
    this.#views.set(turn.requestId, view);
    this.#passing.observe(view.node.querySelector(".bubble"));
    return view;
  }

  #remove(turn) {
    this.#views.get(turn.requestId)?.node.remove();
    this.#views.delete(turn.requestId);
  }

  #clicked(button) {
    if (!button) return;
    if (button.dataset.copy) {
      this.#copy(button.closest(".code").querySelector("code").textContent, button);
      return;
    }
    const view = this.#views.get(button.closest("article")?.dataset.requestId);
    if (view) this.#actions[button.dataset.action]?.(view.turn, button);
  }

  async #copy(text, button) {
    await navigator.clipboard.writeText(text);
    button.textContent = say("copied");
    setTimeout(() => {
      button.textContent = say("copy");
    }, 1_500);
  }
}

/** Whether a question has left the screen above: its first line stands in for it then. */
function markPassed(entries) {
  for (const { target, isIntersecting, boundingClientRect, rootBounds } of entries) {
    const isAbove = !isIntersecting && boundingClientRect.bottom <= rootBounds.top;
    target.closest("article").toggleAttribute("data-passed", isAbove);
  }
}
