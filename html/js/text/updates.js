/** The messages about a newer version of the page. */
export default {
  ko: {
    updateReady: "새 버전이 준비됐어요.",
    updateNow: "새로 고치기",
  },
  en: {
    updateReady: "A new version is ready.",
    updateNow: "Reload",
  },
};
