import { t } from "../text.js";

const COPIED_MS = 1_500;

/** Copy a text, and say so on the button for a moment; `label` is the button's usual text. */
export async function copyText(text, button, label = t("copy")) {
  await navigator.clipboard.writeText(text);
  button.textContent = t("copied");
  setTimeout(() => {
    button.textContent = label;
  }, COPIED_MS);
}
