import ko from "./text/ko.js";

let words = ko;

/** Sets the language (`ko`, or `en`, which is loaded then) and fills what names its text in the markup. */
export async function speak(language) {
  if (language === "en") words = (await import("./text/en.js")).default;
  document.documentElement.lang = words === ko ? "ko" : "en";
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = say(node.dataset.text);
  for (const node of document.querySelectorAll("[data-label]")) node.ariaLabel = say(node.dataset.label);
}

export function say(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Why a turn failed, in words that help; the server's codes are those of contract C. */
export function sayFailure(code) {
  return words.failed[code] ?? words.failed.internal;
}
