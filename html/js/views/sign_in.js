import texts from "../text/sign_in.js";
import { t } from "../text.js";
import { byId, element, face } from "./dom.js";

const messages = () => texts[document.documentElement.lang] ?? texts.ko;

/** The sign-in screen: a modal dialog that covers the page and cannot be closed. */
export class SignInView {
  #signIn;
  #note = element("p", { className: "note", role: "status" });
  #dialog;

  /** @param {() => void} signIn */
  constructor(signIn) {
    this.#signIn = signIn;
  }

  get isShown() {
    return Boolean(this.#dialog);
  }

  /** @param {"welcome" | "expired" | "signedOut" | "failed"} reason */
  show(reason) {
    this.#dialog ??= this.#open();
    this.#note.textContent = messages()[reason];
  }

  #open() {
    const button = element(
      "button",
      { type: "button", className: "sign-in-start", autofocus: true },
      messages().signIn,
    );
    button.addEventListener("click", this.#signIn);
    const name = element("h2", { id: "sign-in-name" }, t("name"));
    const dialog = element("dialog", { className: "sign-in" }, face(), name, this.#note, button);
    dialog.setAttribute("aria-labelledby", name.id);
    // A browser may close a dialog on Escape even if `cancel` is prevented.
    dialog.addEventListener("close", () => dialog.showModal());
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    document.body.append(dialog);
    dialog.showModal();
    return dialog;
  }
}

/** Show the sign-out button below the conversations. */
export function showSignOut(signOut) {
  const button = element("button", { type: "button", className: "quiet" }, messages().signOut);
  button.addEventListener("click", () => {
    button.disabled = true;
    signOut();
  });
  byId("sidebar").append(button);
}
