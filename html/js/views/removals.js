import { say } from "../text.js";
import { element, part } from "./dom.js";

const UNDO_MS = 10_000;
const PREFIX = "seoyeon.removing.";

/**
 * Deletions that can be taken back for ten seconds, longer while the pointer or the keyboard is on the words. Then
 * `remove(id)` is called, and also when the page goes away: who has left cannot take it back. The tab's storage
 * remembers them until they are done: for a page that the system has killed, and for the list after a reload, which
 * may be older than the deletion.
 */
export class RemovalsView {
  #box = part("removals");
  #pending = new Map();
  #remove;
  #storage;

  constructor(remove, storage) {
    this.#remove = remove;
    this.#storage = storage;
    addEventListener("pagehide", () => {
      for (const { finish } of this.#pending.values()) finish();
    });
    part("sidebar").addEventListener("toggle", ({ newState }) => newState === "open" && this.#raise());
  }

  /** Does what may not have been done when the page went away; the list says what is still there. */
  async resume(conversations) {
    const left = this.#storage.keys(PREFIX).map((key) => key.slice(PREFIX.length));
    for (const id of left) conversations.hide(id);
    await conversations.load();
    for (const id of left) {
      if (conversations.has(id)) this.#finish(id);
      else this.#storage.remove(PREFIX + id);
    }
  }

  /** Takes a deletion back, if there is one: the conversation is wanted again. */
  undo(id) {
    this.#pending.get(id)?.takeBack(false);
  }

  /** `undo(byKey)` is called when it is taken back; the keyboard is led there where it has been used. */
  offer(id, undo, byKey) {
    const button = element("button", { type: "button" }, say("undo"));
    const toast = element("div", { className: "toast" }, element("span", {}, say("removed")), button);
    let timer = 0;
    const hold = () => clearTimeout(timer);
    const end = () => {
      hold();
      this.#pending.delete(id);
      toast.remove();
      if (this.#pending.size === 0) this.#box.hidePopover();
    };
    const finish = () => {
      end();
      this.#finish(id);
    };
    const wait = () => {
      hold();
      if (toast.isConnected && !toast.matches(":hover, :focus-within")) timer = setTimeout(finish, UNDO_MS);
    };
    for (const type of ["pointerenter", "focusin"]) toast.addEventListener(type, hold);
    for (const type of ["pointerleave", "focusout"]) toast.addEventListener(type, () => setTimeout(wait));
    const takeBack = (undoneByKey) => {
      end();
      this.#storage.remove(PREFIX + id);
      undo(undoneByKey);
    };
    button.addEventListener("click", ({ detail }) => takeBack(detail === 0));
    this.#storage.set(PREFIX + id, "");
    this.#pending.set(id, { finish, takeBack });
    this.#box.append(toast);
    this.#box.showPopover();
    wait();
    if (byKey) button.focus();
  }

  /** What opened last lies above: the drawer would cover the way back. */
  #raise() {
    if (this.#pending.size === 0) return;
    this.#box.hidePopover();
    this.#box.showPopover();
  }

  async #finish(id) {
    await this.#remove(id);
    this.#storage.remove(PREFIX + id);
  }
}
