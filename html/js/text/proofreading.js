/** The messages about the changes of a proofreading, which are loaded with the first one. */
export default {
  ko: {
    changes: "달라진 곳",
    removed: "삭제: ",
    added: "추가: ",
    none: "고칠 곳이 없는 글이에요.",
    tooDifferent: "처음 글과 많이 달라서 바뀐 곳을 따로 표시하지 않았어요.",
    copy: "고친 글 복사",
  },
  en: {
    changes: "Changes",
    removed: "deleted: ",
    added: "inserted: ",
    none: "Nothing to correct in this text.",
    tooDifferent: "The text differs too much from the original to mark each change.",
    copy: "Copy the corrected text",
  },
};
