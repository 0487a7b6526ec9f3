import { t } from "../text.js";

const COPIED_MS = 1_500;

/** Copy a text, and say so on the button for a moment; `label` is the button's usual text. */
export async function copyText(text, button, label = t("copy")) {
  await navigator.clipboard.writeText(text);
  showCopied(button, label);
}

/** Copy Markdown as rich text, and for programs without it as text without marks. */
export async function copyRich(markdown, button) {
  const rendered = import("../markdown/copying.js").then(({ renderForClipboard }) => renderForClipboard(markdown));
  const blob = async (type, name) => new Blob([(await rendered)[name]], { type });
  // Safari lets a press write only what is given to the clipboard at once, and a part of it may be a promise.
  const parts = { "text/html": blob("text/html", "html"), "text/plain": blob("text/plain", "text") };
  try {
    await navigator.clipboard.write([new ClipboardItem(parts)]);
  } catch {
    const { text } = await rendered.catch(() => ({ text: markdown }));
    await navigator.clipboard.writeText(text);
  }
  showCopied(button, t("copy"));
}

function showCopied(button, label) {
  button.textContent = t("copied");
  setTimeout(() => {
    button.textContent = label;
  }, COPIED_MS);
}
