const CONTEXT_BEFORE = 16; // characters, so that the match is visible in the narrow list
const CONTEXT_AFTER = 80;

/** @typedef {[before: string, match: string, after: string]} Split */

/**
 * Compile a query: case-insensitive, in NFC, with any white space between words.
 * @returns {RegExp | null} null for an empty query
 */
export function compileQuery(query) {
  const words = query.normalize("NFC").trim();
  if (!words) return null;
  const pattern = words.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&").replace(/\s+/g, "\\s+");
  return new RegExp(pattern, "iu");
}

/**
 * Split a text at the first match. The text is normalised first: an answer may end inside a syllable.
 * @returns {Split | null} null if nothing matches
 */
export function splitAtMatch(text, query) {
  const composed = text.normalize("NFC");
  const match = query.exec(composed);
  if (!match) return null;
  const end = match.index + match[0].length;
  return [composed.slice(0, match.index), match[0], composed.slice(end)];
}

/**
 * Split a long text at the first match and keep only its surroundings.
 * @returns {Split | null}
 */
export function excerptAtMatch(text, query) {
  const split = splitAtMatch(text, query);
  if (!split) return null;
  const before = [...split[0]];
  if (before.length > CONTEXT_BEFORE) split[0] = `…${before.slice(-CONTEXT_BEFORE).join("")}`;
  split[2] = split[2].slice(0, CONTEXT_AFTER);
  return split;
}
