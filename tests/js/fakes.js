/** Stand-ins for the browser, for modules that need little of it. */
import { Emitter } from "../../html/js/emitter.js";
import { Delivery } from "../../html/js/state/delivery.js";
import { Outbox } from "../../html/js/state/outbox.js";
import { Turn } from "../../html/js/state/turn.js";
import { Storage } from "../../html/js/storage.js";

export const REQUEST_ID = "00000000-0000-4000-8000-00000000000a";
export const CONVERSATION_ID = "00000000-0000-4000-8000-000000000001";

/** A page in a language, without content. */
export function fakeDocument(lang = "ko") {
  globalThis.document = { documentElement: { lang }, hidden: false, querySelectorAll: () => [] };
}

/** A storage in memory: there is no `window`. */
export function memoryStorage(items = {}) {
  const storage = new Storage();
  for (const [key, value] of Object.entries(items)) storage.set(key, value);
  return storage;
}

export class FakeSocket extends Emitter {
  sent = [];

  send(frame) {
    this.sent.push(frame);
    return true;
  }

  ping() {
    return true;
  }

  actions() {
    return this.sent.map(({ action }) => action);
  }
}

/** The only tab: it leads every turn. */
class OnlyTab extends Emitter {
  announced = [];
  isLeader = () => true;
  waitToLead() {}
  takeLead() {}
  announceQuestion({ question }) {
    this.announced.push(question);
  }
  forwardFrame() {}
  release() {}
}

/** A question that was sent, with its delivery. `receive(type, fields)` brings a frame from the server. */
export function askQuestion(storage = memoryStorage()) {
  fakeDocument();
  const socket = new FakeSocket();
  const outbox = new Outbox(storage, memoryStorage());
  const tabs = new OnlyTab();
  const delivery = new Delivery(socket, outbox, tabs);
  const turn = Turn.create(CONVERSATION_ID, "안녕", { requestId: REQUEST_ID });
  delivery.follow(turn);
  const receive = (type, fields = {}) => {
    socket.emit("frame", { type, requestId: REQUEST_ID, ...fields });
  };
  return { socket, outbox, delivery, tabs, turn, receive };
}

/** As `askQuestion`, with the first text of the answer. */
export function beginAnswer(text = "하나 ") {
  const asked = askQuestion();
  asked.receive("accepted", { createdAt: "2026-11-22T03:04:05Z" });
  asked.receive("delta", { run: 1, seq: 1, text });
  return asked;
}
