const BLOCKS = new Set([
  "P",
  "H3",
  "UL",
  "OL",
  "LI",
  "BLOCKQUOTE",
  "PRE",
  "DIV",
  "TABLE",
  "TR",
  "HR",
  "DETAILS",
  "SUMMARY",
]);
const LOOSE = new Set(["P", "H3", "BLOCKQUOTE", "PRE", "TABLE", "DETAILS", "HR"]);

/** Return a rendered answer as text without marks: lists with bullets and numbers, cells between tabs. */
export function plainText(root) {
  return writeChildren(root, "")
    .replace(/[ \t]+$/gm, "")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

function writeChildren(node, indent) {
  return [...node.childNodes].map((child) => write(child, indent)).join("");
}

function write(node, indent) {
  if (node instanceof Text) return node.data;
  const { nodeName } = node;
  if (nodeName === "BR") return `\n${indent}`;
  if (nodeName === "TD" || nodeName === "TH") return `${node.previousSibling ? "\t" : ""}${writeChildren(node, "")}`;
  if (nodeName === "A") return writeLink(node);
  if (!BLOCKS.has(nodeName)) return writeChildren(node, indent);
  if (nodeName === "LI") {
    const mark = markOf(node);
    return `\n${indent}${mark}${writeChildren(node, indent + " ".repeat(mark.length)).trim()}`;
  }
  const isList = nodeName === "UL" || nodeName === "OL";
  const isLoose = LOOSE.has(nodeName) || (isList && !node.closest("li"));
  const text = `${isList ? "" : indent}${writeChildren(node, indent).replace(/^\n+/, "")}`;
  return isLoose ? `\n\n${text}\n\n` : `\n${text}`;
}

function markOf(item) {
  const { parentElement: list } = item;
  if (item.querySelector(":scope > [role=img]")) return "";
  if (list.nodeName === "UL") return "• ";
  return `${(list.start ?? 1) + [...list.children].indexOf(item)}. `;
}

/** Write the address of a link after its text, unless the text is the address. */
function writeLink(link) {
  const text = link.textContent;
  const shown = link.href.replace(/^mailto:/, "");
  return [text, `${text}/`].includes(decodeURI(shown)) || text === shown ? text : `${text} (${shown})`;
}
