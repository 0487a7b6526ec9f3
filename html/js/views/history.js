import { say } from "../text.js";
import { hide, part } from "./dom.js";

/** What stands above the turns: the welcome of an empty conversation, or the way to earlier turns. */
export class HistoryView {
  #chat;

  constructor(chat, ask) {
    this.#chat = chat;
    for (const example of document.querySelectorAll("#examples button")) {
      example.addEventListener("click", () => ask(example.lastElementChild.textContent, example.dataset.mode));
    }
    part("older").addEventListener("click", () => chat.loadOlder());
    part("history-retry").addEventListener("click", () => chat.reload());
    for (const type of ["conversation", "older", "turn", "removed", "history"]) {
      chat.addEventListener(type, () => this.#render());
    }
    const nearTop = ([entry]) => {
      if (entry.isIntersecting && chat.turns.length > 0) chat.loadOlder();
    };
    new IntersectionObserver(nearTop, { root: part("transcript") }).observe(part("older"));
  }

  #render() {
    const { history, turns, hasOlder } = this.#chat;
    const note = part("history-note");
    part("welcome").hidden = turns.length > 0 || history !== "ready";
    hide(part("older"), !hasOlder || history !== "ready", part("transcript"));
    note.hidden = history === "ready";
    if (!note.hidden) note.textContent = say(history === "loading" ? "loadingHistory" : "historyFailed");
    hide(part("history-retry"), history !== "failed", part("transcript"));
  }
}
