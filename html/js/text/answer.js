/** The messages of the renderer of answers. */
export default {
  ko: { footnote: "각주 {label} 보기", footnoteBack: "각주 {label}: 본문으로 돌아가기", fold: "자세히" },
  en: { footnote: "Show footnote {label}", footnoteBack: "Footnote {label}: back to the text", fold: "Details" },
};
