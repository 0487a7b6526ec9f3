import { t } from "../text.js";
import { byId, setHidden } from "./dom.js";

/** The area above the turns: the welcome of an empty conversation, or the button that loads earlier turns. */
export class HistoryView {
  #chat;

  /** @param {import("../state/chat.js").Chat} chat */
  constructor(chat) {
    this.#chat = chat;
    byId("older").addEventListener("click", () => chat.loadOlder());
    byId("history-retry").addEventListener("click", () => chat.reload());
    const types = /** @type {const} */ (["conversation", "older", "turn", "removed", "history"]);
    for (const type of types) chat.on(type, () => this.#render());
    const nearTop = ([entry]) => {
      if (entry.isIntersecting && chat.turns.length > 0) chat.loadOlder();
    };
    new IntersectionObserver(nearTop, { root: byId("transcript") }).observe(byId("older"));
  }

  #render() {
    const { history, turns, hasOlder } = this.#chat;
    const note = byId("history-note");
    byId("welcome").hidden = turns.length > 0 || history !== "ready";
    setHidden(byId("older"), !hasOlder || history !== "ready", byId("transcript"));
    note.hidden = history === "ready";
    if (!note.hidden) note.textContent = t(history === "loading" ? "loadingHistory" : "historyFailed");
    setHidden(byId("history-retry"), history !== "failed", byId("transcript"));
  }
}
