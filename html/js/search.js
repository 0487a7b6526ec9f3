const CONTEXT = 16; // characters before what was found, so that it is seen in a narrow list

/** Finds a query in texts: in any case, in NFC, with any white space between its words. Null for an empty one. */
export function searchFor(query) {
  const words = compose(query).trim();
  if (!words) return null;
  const pattern = words.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&").replace(/\s+/g, "\\s+");
  return new RegExp(pattern, "iu");
}

/** The text as `[before, found, after]`, or null where nothing is found. */
export function splitAt(text, search) {
  const composed = compose(text);
  const found = search.exec(composed);
  if (!found) return null;
  const end = found.index + found[0].length;
  return [composed.slice(0, found.index), found[0], composed.slice(end)];
}

/** As `splitAt`, but of a long text only what is near. */
export function excerptAt(text, search) {
  const parts = splitAt(text, search);
  if (!parts) return null;
  const before = [...parts[0]];
  if (before.length > CONTEXT) parts[0] = `…${before.slice(-CONTEXT).join("")}`;
  parts[2] = parts[2].slice(0, 80);
  return parts;
}

/** What is stored is in NFC, but an answer may end in the middle of a syllable, and a query may be typed in NFD. */
function compose(text) {
  return text.normalize("NFC");
}
