import texts from "../text/sign_in.js";
import { say } from "../text.js";
import { element, part } from "./dom.js";

const words = () => texts[document.documentElement.lang] ?? texts.ko;

/** Stands before everything else until the person goes to sign in: nothing behind it can be used. */
export class SignInView {
  #start;
  #note = element("p", { className: "note", role: "status" });
  #dialog;

  constructor(start) {
    this.#start = start;
  }

  get isShown() {
    return Boolean(this.#dialog);
  }

  /** `why` is one of the words: `welcome`, `expired`, `signedOut` or `failed`. */
  show(why) {
    this.#dialog ??= this.#open();
    this.#note.textContent = words()[why];
  }

  #open() {
    const button = element("button", { type: "button", className: "sign-in-start", autofocus: true }, words().signIn);
    button.addEventListener("click", this.#start);
    const picture = part("welcome").querySelector("img").cloneNode();
    const name = element("h2", { id: "sign-in-name" }, say("name"));
    const dialog = element("dialog", { className: "sign-in" }, picture, name, this.#note, button);
    dialog.setAttribute("aria-labelledby", name.id);
    // Esc may close a dialog even against its will; there is nothing behind it to go back to.
    dialog.addEventListener("close", () => dialog.showModal());
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    document.body.append(dialog);
    dialog.showModal();
    return dialog;
  }
}

/** The way out, below the conversations. */
export function offerSignOut(leave) {
  const button = element("button", { type: "button", className: "quiet" }, words().signOut);
  button.addEventListener("click", () => {
    button.disabled = true;
    leave();
  });
  part("sidebar").append(button);
}
