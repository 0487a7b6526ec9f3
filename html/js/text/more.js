/** The messages of the menu under an answer, which are loaded when it is first opened. */
export default {
  ko: {
    changeQuestion: "질문 고치기",
    details: "자세히",
    closeDetails: "자세히 닫기",
  },
  en: {
    changeQuestion: "Edit the question",
    details: "Details",
    closeDetails: "Close the details",
  },
};
