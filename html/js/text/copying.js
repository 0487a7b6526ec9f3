/** The messages of the ways to copy and to save an answer. */
export default {
  ko: {
    copyMarkdown: "Markdown으로 복사",
    saveMarkdown: "Markdown 파일로 저장",
    copyTable: "표 복사: {name}",
    saveTable: "CSV로 저장: {name}",
    copyDone: "복사했어요.",
    copyFailed: "복사하지 못했어요. 글을 골라 직접 복사해 주세요.",
    tableName: "표",
    answerName: "답",
  },
  en: {
    copyMarkdown: "Copy as Markdown",
    saveMarkdown: "Save as a Markdown file",
    copyTable: "Copy table: {name}",
    saveTable: "Save as CSV: {name}",
    copyDone: "Copied.",
    copyFailed: "It could not be copied. Please select the text and copy it.",
    tableName: "table",
    answerName: "answer",
  },
};
