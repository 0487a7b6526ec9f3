/** The messages of the menu under an answer, which are loaded when it is first opened. */
export default {
  ko: {
    changeQuestion: "질문 고치기",
    details: "자세히",
    closeDetails: "자세히 닫기",
    shareMenu: "여기까지 공유",
    shareMenuFailed: "공유 화면을 열지 못했어요. 인터넷 연결을 확인하고 다시 시도해 주세요.",
  },
  en: {
    changeQuestion: "Edit the question",
    details: "Details",
    closeDetails: "Close the details",
    shareMenu: "Share up to here",
    shareMenuFailed: "The sharing could not be opened. Please check the connection and try again.",
  },
};
