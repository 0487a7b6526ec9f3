import { formatDayAndTime, formatNumber, quotaRenewal } from "./dates.js";
import ko from "./text/ko.js";

/**
 * @typedef {keyof typeof import("./text/ko.js").default
 *   | keyof typeof import("./text/settings-ko.js").default
 *   | keyof typeof import("./text/answer.js").default.ko
 *   | keyof typeof import("./text/copying.js").default.ko
 *   | keyof typeof import("./text/details.js").default.ko
 *   | keyof typeof import("./text/documents.js").default.ko
 *   | keyof typeof import("./text/feedback.js").default.ko
 *   | keyof typeof import("./text/model.js").default.ko
 *   | keyof typeof import("./text/more.js").default.ko
 *   | keyof typeof import("./text/rename.js").default.ko
 *   | keyof typeof import("./text/speech.js").default.ko
 *   | keyof typeof import("./text/search.js").default.ko
 *   | keyof typeof import("./text/share.js").default.ko
 *   | keyof typeof import("./text/updates.js").default.ko
 *   | keyof typeof import("./text/variants.js").default.ko
 * } MessageKey
 */

/** @type {Record<string, any>} */
let messages = ko;

/** Load the messages of a language, and translate the markup, which is in Korean. */
export async function setLanguage(language) {
  if (language !== "en") return;
  const english = await import("./text/en.js");
  messages = english.default;
  english.translateMarkup();
}

/** Add the messages of a part of the page that is loaded later. */
export function addMessages(more) {
  messages = { ...messages, ...more };
}

/**
 * Return the message of a key, with its `{placeholders}` filled in. A mode of newer functions has none, and is its key.
 * @param {MessageKey} key
 * @param {Record<string, string | number>} values
 * @returns {string}
 */
export function t(key, values = {}) {
  return (messages[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Return a message with a count, in the plural form of the language. */
export function plural(key, count) {
  const category = new Intl.PluralRules(document.documentElement.lang).select(count);
  const form = messages[key][category] ?? messages[key].other;
  return form.replace("{count}", formatNumber(count));
}

/** Return the message for a failure code of docs/protocol.md. `at`: when it occurred, in milliseconds. */
export function failureText(code, at = Date.now()) {
  const message = messages.failed[code] ?? messages.failed.internal;
  return message.replace("{time}", formatDayAndTime(quotaRenewal(at)));
}
