/** The messages of the sign-in screen, which guests do not load. */
export default {
  ko: {
    welcome: "로그인하고 서연과 이야기해 보세요.",
    expired: "로그인이 만료되었어요. 다시 로그인하면 쓰던 글부터 이어 갈 수 있어요.",
    signedOut: "로그아웃했어요. 다시 이야기하려면 로그인해 주세요.",
    failed: "로그인하지 못했어요. 다시 시도해 주세요.",
    signIn: "로그인",
    signOut: "로그아웃",
  },
  en: {
    welcome: "Sign in to talk to Seoyeon.",
    expired: "You have been signed out. Sign in again to go on with what you were writing.",
    signedOut: "You have signed out. Sign in to talk again.",
    failed: "Signing in did not work. Please try again.",
    signIn: "Sign in",
    signOut: "Sign out",
  },
};
