import { say, sayFailure } from "../text.js";
import { hide, part } from "./dom.js";

const ALERT_MS = 6_000;

export class StatusView {
  #announced = new Map();
  #timer = 0;

  constructor({ chat, delivery, socket }) {
    chat.addEventListener("turn", ({ detail }) => this.#announce(detail));
    chat.addEventListener("conversation", () => this.#announced.clear());
    delivery.addEventListener("refused", ({ detail }) => this.alert(sayFailure(detail.code)));
    socket.addEventListener("state", ({ detail }) => this.#connection(detail));
    part("reconnect").addEventListener("click", () => socket.retry());
  }

  tell(text) {
    part("status").textContent = text;
  }

  /** Says a problem; where the page already shows it, only to those who listen. */
  alert(text, shown = false) {
    const alert = part("alert");
    alert.className = shown ? "hidden" : "toast";
    alert.textContent = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      alert.textContent = "";
    }, ALERT_MS);
  }

  #announce(turn) {
    if (this.#announced.get(turn.requestId) === turn.status) return;
    this.#announced.set(turn.requestId, turn.status);
    if (turn.status === "answering") this.tell(say("statusAnswering"));
    else if (turn.status === "failed" || turn.code) this.alert(sayFailure(turn.code), true);
    else if (turn.status === "done") {
      this.tell(say(turn.stopReason === "cancelled" ? "statusStopped" : "statusDone"));
    }
  }

  #connection(state) {
    const connection = part("connection");
    const wasHidden = connection.hidden;
    hide(part("reconnect"), state !== "waiting", part("transcript"));
    connection.hidden = state === "open";
    if (state === "open") {
      if (!wasHidden) this.tell(say("statusReconnected"));
      return;
    }
    const text = say(state === "offline" ? "offline" : "reconnecting");
    part("connection-text").textContent = text;
    this.tell(text);
  }
}
