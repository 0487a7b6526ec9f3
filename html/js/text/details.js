/** The messages of the details of an answer, which are loaded with the first ones. */
export default {
  ko: {
    detailsTime: "물은 시각",
    detailsEnd: "끝난 이유",
    detailsModel: "모델",
    detailsRunModel: "지금 실행 중인 모델",
    detailsTokens: "토큰",
    detailsUnknown: "알 수 없음",
    promptTokens: { other: "읽은 토큰 {count}개" },
    completionTokens: { other: "쓴 토큰 {count}개" },
    totalTokens: { other: "모두 {count}개" },
    endedStop: "답을 끝까지 썼어요.",
  },
  en: {
    detailsTime: "Asked",
    detailsEnd: "Why it ended",
    detailsModel: "Model",
    detailsRunModel: "Model of this run",
    detailsTokens: "Tokens",
    detailsUnknown: "unknown",
    promptTokens: { one: "{count} token read", other: "{count} tokens read" },
    completionTokens: { one: "{count} token written", other: "{count} tokens written" },
    totalTokens: { one: "{count} in all", other: "{count} in all" },
    endedStop: "The answer is complete.",
  },
};
