/** The messages of the search, which are not part of the first load. */
export default {
  ko: {
    searchTitle: "대화 찾기",
    searchField: "찾을 말",
    searchHint:
      "제목과 질문, 답에서 찾아요. 띄어쓰기와 낱말 순서는 달라도 괜찮고, ㅅㅇㅇㅎ처럼 초성으로도 찾을 수 있어요.",
    searchResults: "찾은 곳",
    searching: "찾는 중…",
    searchingMore: { other: "더 찾는 중… 아직 읽지 않은 대화 {count}개" },
    searchFound: { other: "{count}곳을 찾았어요." },
    searchFoundMore: { other: "{count}곳을 찾았고 더 있어요." },
    searchNothing: "찾는 말이 든 대화가 없어요. 낱말을 줄이거나 다르게 적어 보세요.",
    searchFailed: "지금은 찾지 못했어요. 연결을 확인하고 다시 해 주세요.",
    searchAgain: "다시 찾기",
    searchMore: "더 보기",
    searchGone: "그사이 지워졌거나 기한이 지난 글이에요.",
    searchTitleHit: "제목",
    searchQuestionHit: "질문",
    searchAnswerHit: "답",
  },
  en: {
    searchTitle: "Search conversations",
    searchField: "Words to find",
    searchHint:
      "Titles, questions and answers are searched. Spaces and the order of words do not matter, nor does case.",
    searchResults: "Results",
    searching: "Searching…",
    searchingMore: {
      one: "Searching on… {count} conversation is left",
      other: "Searching on… {count} conversations are left",
    },
    searchFound: { one: "{count} place found.", other: "{count} places found." },
    searchFoundMore: {
      one: "{count} place found, and there are more.",
      other: "{count} places found, and there are more.",
    },
    searchNothing: "No conversation has these words. Try fewer or other words.",
    searchFailed: "The search did not work. Please check the connection and try again.",
    searchAgain: "Search again",
    searchMore: "Show more",
    searchGone: "This message was deleted meanwhile, or has expired.",
    searchTitleHit: "Title",
    searchQuestionHit: "Question",
    searchAnswerHit: "Answer",
  },
};
