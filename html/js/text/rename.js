/** The messages of the form that renames a conversation, which is loaded when it is first opened. */
export default {
  ko: {
    renameTitle: "대화 이름",
    renameSave: "저장",
    renameCancel: "취소",
    renaming: "저장하는 중…",
    renameEmpty: "이름을 한 글자 이상 적어 주세요.",
    renameLong: "이름은 {limit}자까지 쓸 수 있어요.",
  },
  en: {
    renameTitle: "Name of the conversation",
    renameSave: "Save",
    renameCancel: "Cancel",
    renaming: "Saving…",
    renameEmpty: "Please write at least one character.",
    renameLong: "A name has at most {limit} characters.",
  },
};
