/** The messages of reading aloud and of dictation. */
export default {
  ko: {
    reading: "읽고 있어요…",
    readingSpeed: "빠르기",
    readingStop: "그만 읽기",
    readingCode: "코드나 수식은 건너뛰어요.",
    readingNone: "이 기기에 한국어 목소리가 없어요. 기기의 설정에서 한국어 음성을 내려받은 뒤 다시 눌러 주세요.",
    readingFailed: "소리를 내지 못했어요. 기기의 소리를 확인한 뒤 다시 눌러 주세요.",
    remoteTitle: "목소리 고르기",
    remoteNote:
      "이 기기 안에는 한국어 목소리가 없어서, 읽을 글이 브라우저를 만든 회사의 서버로 보내져 소리로 바뀌어요. 그래도 읽어 드릴까요?",
    remoteYes: "보내고 읽기",
    remoteNo: "읽지 않기",
    dictate: "말로 입력",
    dictateStop: "말로 입력 멈추기",
    dictating: "듣고 있어요. 말씀하세요.",
    dictated: "말로 입력하기를 마쳤어요.",
    dictationRefused: "마이크를 쓸 수 없어요. 브라우저의 사이트 설정에서 마이크를 허용한 뒤 다시 눌러 주세요.",
    dictationOffline: "말을 글로 바꾸는 서버에 닿지 못했어요. 인터넷 연결을 확인한 뒤 다시 눌러 주세요.",
    dictationFailed: "말을 알아듣지 못했어요. 다시 눌러 말씀해 주세요.",
  },
  en: {
    reading: "Reading aloud…",
    readingSpeed: "Speed",
    readingStop: "Stop reading",
    readingCode: "Code or a formula is left out.",
    readingNone: "This device has no Korean voice. Add one in its settings, and press again.",
    readingFailed: "No sound could be made. Check the device's sound, and press again.",
    remoteTitle: "Choice of a voice",
    remoteNote:
      "This device has no Korean voice. The text is sent to a server of the company that makes the browser, which turns it into sound. Read it anyway?",
    remoteYes: "Send and read",
    remoteNo: "Do not read",
    dictate: "Dictate",
    dictateStop: "Stop dictating",
    dictating: "Listening. Please speak.",
    dictated: "Dictation has ended.",
    dictationRefused:
      "The microphone cannot be used. Allow it in the browser's settings for this site, and press again.",
    dictationOffline: "The server that turns speech into text cannot be reached. Check the network, and press again.",
    dictationFailed: "The words could not be understood. Press again, and speak.",
  },
};
