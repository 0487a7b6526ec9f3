import "../common.js";
import { renderAnswer } from "../export.js";
import { tableRows, toCsv, toTsv } from "../markdown/copying.js";
import { fileName, saveFile } from "../save.js";
import messages from "../text/copying.js";
import { addMessages, t } from "../text.js";

addMessages(messages[document.documentElement.lang] ?? messages.ko);

const LONGEST_NAME = 24;

/**
 * Return the items of a menu that copy or save an answer as Markdown, and its tables for a spreadsheet.
 * @param {import("./variants.js").VariantsContext} context
 * @param {import("../state/turn.js").Turn} turn
 * @param {Element} article
 */
export function copyItems({ conversations, status }, turn, article) {
  if (!turn.answer) return [];
  const title = conversations.find(turn.conversationId)?.title || turn.question;
  const copy = (text) =>
    navigator.clipboard.writeText(text).then(
      () => status.announce(t("copyDone")),
      () => status.alert(t("copyFailed")),
    );
  const tables = [...article.querySelectorAll(".prose .table > table:has(thead)")];
  return [
    { name: t("copyMarkdown"), choose: () => copy(turn.answer) },
    {
      name: t("saveMarkdown"),
      choose: () =>
        saveFile([renderAnswer(turn)], fileName(t("answerName"), title, "md"), "text/markdown;charset=utf-8"),
    },
    ...tables.flatMap((table) => {
      const rows = tableRows(table);
      const name = rows[0].join(" · ").slice(0, LONGEST_NAME);
      const file = fileName(t("tableName"), rows[0].join(" "), "csv");
      return [
        { name: t("copyTable", { name }), choose: () => copy(toTsv(rows)) },
        { name: t("saveTable", { name }), choose: () => saveFile([toCsv(rows)], file, "text/csv;charset=utf-8") },
      ];
    }),
  ];
}
