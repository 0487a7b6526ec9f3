/** The messages of the list of keyboard shortcuts, in the order of its keys. */
export default {
  ko: {
    title: "키보드 단축키",
    of: ["대화 찾기", "새 대화", "빈 입력창에서 마지막 질문 고치기", "답변 멈추기", "설정 열기", "이 목록 보기"],
  },
  en: {
    title: "Keyboard shortcuts",
    of: [
      "Search conversations",
      "New conversation",
      "In an empty question box: edit the last question",
      "Stop the answer",
      "Open the settings",
      "Show this list",
    ],
  },
};
