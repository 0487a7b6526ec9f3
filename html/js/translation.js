import { supports } from "./protocol.js";
import { t } from "./text.js";

/**
 * Return the language that a text is translated into if none is named: English for Korean, as the system prompt says.
 * A word with a Korean letter is Korean: "Lambda에서". Return null for a text without words.
 * @returns {"ko" | "en" | null}
 */
export function detectTargetLanguage(text) {
  const words = text.match(/\S*\p{L}\S*/gu) ?? [];
  const korean = words.filter((word) => /\p{Script=Hangul}/u.test(word));
  if (words.length === 0) return null;
  return korean.length * 2 >= words.length ? "en" : "ko";
}

/** @type {{ ko: import("./text.js").MessageKey, en: import("./text.js").MessageKey }} */
const DIRECTIONS = { ko: "intoKorean", en: "intoEnglish" };

/** Return the words of a direction, such as "한국어 → 영어". */
export function directionText(targetLanguage) {
  return t(DIRECTIONS[targetLanguage] ?? "eitherWay");
}

/** Return the name of a turn's mode, with the direction of a translation. */
export function modeText({ mode, targetLanguage, question }) {
  if (mode !== "translate" || !supports("chat.target_language")) return t(mode);
  return `${t(mode)} · ${directionText(targetLanguage ?? detectTargetLanguage(question))}`;
}
