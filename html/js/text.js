import { nextQuota, sayClock, sayNumber } from "./dates.js";
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

/** A sentence with a count, in the form that the language's plural rules ask for. */
export function sayCount(key, count) {
  const category = new Intl.PluralRules(document.documentElement.lang).select(count);
  const form = words[key][category] ?? words[key].other;
  return form.replace("{count}", sayNumber(count));
}

/** Why a turn failed at a time (milliseconds), in words that help; the server's codes are those of contract C. */
export function sayFailure(code, at = Date.now()) {
  const reason = words.failed[code] ?? words.failed.internal;
  return reason.replace("{time}", sayClock(nextQuota(at)));
}
