import { t } from "./text.js";
import { element } from "./views/dom.js";

const REVOKE_URL_MS = 60_000; // a slow disk may still be writing the file
const LONGEST_TITLE = 60; // characters; a name has at most 255 bytes, and a syllable three
/** Not allowed on Windows or macOS, or invisible. */
const UNSAFE = /[\\/:*?"<>|\p{C}\s]+/gu;

/** Return the name of a file: what it is, a title in the form NFC, and the day. It is safe on Windows and macOS. */
export function fileName(kind, title, extension) {
  const day = new Intl.DateTimeFormat("sv").format(); // Swedish: year-month-day, in local time
  const safe = [...title.normalize("NFC").replace(UNSAFE, " ")].slice(0, LONGEST_TITLE).join("");
  const parts = [t("name"), kind, safe.replace(/^[\s.]+|[\s.]+$/g, ""), day];
  return `${parts.filter(Boolean).join("-")}.${extension}`;
}

/** Save a file of these parts. */
export function saveFile(parts, name, type) {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), REVOKE_URL_MS);
}
