import Diff from "../vendor/diff.js";

/** Stands alone on a line or before the corrected text, as the system prompt asks; a model may make it bold or a title. */
const HEADING = /^[#>*_\s]*고친 글(?:\*\*|__)?\s*(?:[:：](?:\*\*|__)?\s*(.*))?$/;
const FENCED = /^(`{3,})[^\n]*\n(.*?)\n?\1$/s;
const QUOTED = /^["“'‘](.*)["”'’]$/s;
const SPACE = /^[^\S\n]+$/;
const OPTIONS = { maxEditLength: 1_000 }; // some milliseconds

const differ = new Diff();

/**
 * Return the corrected text at the end of a proofreading, without the marks around it that the original does not have.
 * Return null if there is none, or if more than one line could begin it.
 */
export function findCorrectedText(answer, original) {
  const lines = answer.split("\n");
  const starts = lines.flatMap((line, index) => (HEADING.test(line) ? [index] : []));
  if (starts.length !== 1) return null;
  const [start] = starts;
  const text = [HEADING.exec(lines[start])[1] ?? "", ...lines.slice(start + 1)].join("\n").trim();
  const unfenced = FENCED.exec(text)?.[2] ?? text;
  const unquoted = QUOTED.test(original.trim()) ? unfenced : (QUOTED.exec(unfenced)?.[1] ?? unfenced);
  const plain = original.includes("**") ? unquoted : unquoted.replaceAll("**", "");
  return plain.trim() || null;
}

/**
 * @typedef {{ text: string, isChanged: boolean }} Part of a removed or an added text; `isChanged`: not in the other one
 * @typedef {{ same: string } | { removed: Part[], added: Part[] }} Difference
 */

/**
 * Compare two texts by words, and by characters within neighbouring words that differ. Return null if the texts differ
 * too much.
 * @returns {Difference[] | null}
 */
export function compareTexts(before, after) {
  const changes = differ.diff(splitWords(before), splitWords(after), OPTIONS);
  if (!changes) return null;
  return joinChanges(changes).flatMap((group) => ("same" in group ? group : separateSpace(group)));
}

function splitWords(text) {
  return text.match(/\s+|\S+/g) ?? [];
}

/** Join changes that only a space separates: two phrases are easier to read than alternating words. */
function joinChanges(changes) {
  const groups = [];
  for (const [index, { added, removed, value }] of changes.entries()) {
    const isChange = added || removed;
    if (!isChange && !(SPACE.test(value) && groups.length > 0 && index < changes.length - 1)) {
      groups.push({ same: value });
      continue;
    }
    if (groups.length === 0 || "same" in groups.at(-1)) groups.push({ removed: "", added: "" });
    if (!added) groups.at(-1).removed += value;
    if (!removed) groups.at(-1).added += value;
  }
  return groups;
}

/** Leave a space out of a change if both of its texts end with it. */
function separateSpace({ removed, added }) {
  const [space] = /\s*$/.exec(removed);
  if (!space || !added.endsWith(space)) return compareCharacters({ removed, added });
  const end = -space.length;
  return [compareCharacters({ removed: removed.slice(0, end), added: added.slice(0, end) }), { same: space }];
}

function compareCharacters({ removed, added }) {
  const changes = differ.diff(removed, added, OPTIONS);
  const common = changes?.filter(isCommon).reduce((length, { count }) => length + count, 0);
  const isSimilar = common * 2 >= Math.min(removed.length, added.length);
  if (!isSimilar) return { removed: whole(removed), added: whole(added) };
  const parts = (others) =>
    changes.filter((change) => !change[others]).map((change) => ({ text: change.value, isChanged: !isCommon(change) }));
  return { removed: parts("added"), added: parts("removed") };
}

function isCommon({ added, removed }) {
  return !added && !removed;
}

/** A text that is not similar to the other: no part of it stands out. */
function whole(text) {
  return text ? [{ text, isChanged: false }] : [];
}
