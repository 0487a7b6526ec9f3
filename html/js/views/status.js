import { failureText, t } from "../text.js";
import { byId, setHidden } from "./dom.js";

/** @type {Record<string, import("../text.js").MessageKey>} */
const CONNECTION_TEXTS = { offline: "offline", busy: "connectionBusy" };
const ALERT_MS = 6_000;

/** Messages to the user: the polite live region, alerts, and the state of the connection. */
export class StatusView {
  #announced = new Map();
  #timer = 0;

  constructor({ api, chat, delivery, socket }) {
    api.on("throttled", () => this.alert(t("historyBusy")));
    chat.on("turn", ({ detail }) => this.#announceTurn(detail));
    chat.on("conversation", () => this.#announced.clear());
    delivery.on("refused", ({ detail }) => this.alert(failureText(detail.code)));
    chat.on("newer", ({ detail }) => this.#showNewer(detail));
    byId("show-newer").addEventListener("click", () => chat.open(chat.conversationId));
    socket.on("state", ({ detail }) => this.#showConnection(detail));
    byId("reconnect").addEventListener("click", () => socket.retry());
  }

  /** Announce a text to screen readers. */
  announce(text) {
    byId("status").textContent = text;
  }

  /** Show a problem; if the page shows it elsewhere, announce it to screen readers only. */
  alert(text, isShownElsewhere = false) {
    const alert = byId("alert");
    alert.className = isShownElsewhere ? "hidden" : "toast";
    alert.textContent = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      alert.textContent = "";
    }, ALERT_MS);
  }

  #announceTurn(turn) {
    if (this.#announced.get(turn.requestId) === turn.status) return;
    this.#announced.set(turn.requestId, turn.status);
    if (turn.status === "answering") this.announce(t("statusAnswering"));
    else if (turn.status === "failed" || turn.code) this.alert(failureText(turn.code), true);
    else if (turn.status === "done") {
      this.announce(t(turn.stopReason === "cancelled" ? "statusStopped" : "statusDone"));
    }
  }

  #showNewer(isNewer) {
    setHidden(byId("newer"), !isNewer, byId("transcript"));
    if (isNewer) this.announce(byId("newer").firstElementChild.textContent);
  }

  #showConnection(state) {
    const connection = byId("connection");
    const wasHidden = connection.hidden;
    setHidden(byId("reconnect"), state !== "waiting" && state !== "busy", byId("transcript"));
    connection.hidden = state === "open";
    if (state === "open") {
      if (!wasHidden) this.announce(t("statusReconnected"));
      return;
    }
    const text = t(CONNECTION_TEXTS[state] ?? "reconnecting");
    byId("connection-text").textContent = text;
    this.announce(text);
  }
}
