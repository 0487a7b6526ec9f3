import ko from "./text/ko.js";

let words = ko;

/** Sets the language: `en` is loaded then; the markup is in Korean. */
export async function speak(language) {
  if (language !== "en") return;
  const english = await import("./text/en.js");
  words = english.default;
  english.translate();
}

/** Adds the words of what is loaded later. */
export function learn(more) {
  words = { ...words, ...more };
}

export function say(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Why a turn failed, in words that help; the server's codes are those of contract C. */
export function sayFailure(code) {
  return words.failed[code] ?? words.failed.internal;
}
