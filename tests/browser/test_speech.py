"""Reading aloud and dictation, with played voices and a played recognizer: Chromium has none."""

from functools import partial

import pytest
from playwright.sync_api import Page, expect

from tests.browser.backend import Backend, wait_until
from tests.browser.site import Site
from tests.browser.test_chat import ask
from tests.browser.test_settings import open_settings

SYNTHESIS = """
  window.spoken = [];
  window.voices = [
    { lang: "ko-KR", name: "원격", localService: false, default: true },
    { lang: "ko-KR", name: "기기", localService: true, default: false },
    { lang: "en-US", name: "device", localService: true, default: false },
  ];
  window.SpeechSynthesisUtterance = class extends EventTarget {
    constructor(text) { super(); this.text = text; }
  };
  const queue = [];
  const synthesis = Object.assign(new EventTarget(), {
    getVoices: () => window.voices,
    cancel: () => { queue.length = 0; },
    speak(utterance) {
      queue.push(utterance);
      window.spoken.push([utterance.text, utterance.voice.name, utterance.rate]);
    },
  });
  window.finish = (type = "end") => queue.shift().dispatchEvent(new Event(type));
  Object.defineProperty(window, "speechSynthesis", { value: synthesis });
"""
RECOGNITION = """
  window.webkitSpeechRecognition = window.SpeechRecognition = class extends EventTarget {
    static available = async () => window.availability ?? "unavailable";
    constructor() { super(); window.recognizer = this; }
    start() { this.started = true; }
    stop() { this.stopped = true; this.dispatchEvent(new Event("end")); }
  };
  window.say = (...texts) => {
    const results = texts.map((transcript) => [{ transcript }]);
    window.recognizer.dispatchEvent(Object.assign(new Event("result"), { results }));
  };
"""


@pytest.fixture
def reader(page: Page, site: Site, backend: Backend) -> Page:
    page.add_init_script(SYNTHESIS)
    page.goto(site.url)
    ask(page, "안녕")
    return page


@pytest.fixture
def speaker(page: Page, site: Site, backend: Backend) -> Page:
    page.add_init_script(RECOGNITION + "localStorage.setItem('seoyeon.dictation', 'on')")
    page.goto(site.url)
    backend.wait_connection(1)
    return page


def read_aloud(page: Page) -> None:
    page.get_by_role("button", name="읽어 주기").click()


def spoken(page: Page) -> list[str]:
    texts: list[str] = page.evaluate("window.spoken.map(([text]) => text)")
    return texts


def has_spoken(page: Page, count: int) -> bool:
    return len(spoken(page)) == count


def test_an_answer_is_read_sentence_by_sentence_while_it_is_written(
    reader: Page, backend: Backend
) -> None:
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "**안녕하세요.** Nice to")
    read_aloud(reader)
    wait_until(reader, lambda: spoken(reader) == ["안녕하세요."])
    reader.evaluate("finish()")
    backend.delta(request_id, 2, " meet you. 코드예요.\n\n```js\nlet a = 1;\n```\n")
    backend.done(request_id, 2)
    for count in (2, 3, 4):
        wait_until(reader, partial(has_spoken, reader, count))
        reader.evaluate("finish()")
    assert spoken(reader)[1:] == ["Nice to meet you.", "코드예요.", "코드나 수식은 건너뛰어요."]
    voices = reader.evaluate("window.spoken.map(([, voice]) => voice)")
    assert voices == ["기기", "device", "기기", "기기"]
    expect(reader.locator("#reading")).to_have_count(0)


def test_reading_is_stopped_and_its_speed_is_kept(reader: Page, backend: Backend) -> None:
    backend.answer("하나예요. 둘이에요. 셋이에요.")
    read_aloud(reader)
    reader.get_by_label("빠르기").select_option("1.5")
    reader.evaluate("finish()")
    wait_until(reader, lambda: len(spoken(reader)) == 2)
    assert reader.evaluate("window.spoken.map(([, , rate]) => rate)") == [1, 1.5]
    reader.get_by_role("button", name="그만 읽기").click()
    expect(reader.locator("#reading")).to_have_count(0)
    read_aloud(reader)
    expect(reader.get_by_label("빠르기")).to_have_value("1.5")
    read_aloud(reader)
    expect(reader.locator("#reading")).to_have_count(0)


def test_text_goes_to_a_server_only_after_a_word(reader: Page, backend: Backend) -> None:
    backend.answer("안녕하세요.")
    reader.evaluate("window.voices = window.voices.filter(({ localService }) => !localService)")
    read_aloud(reader)
    dialog = reader.get_by_role("dialog")
    expect(dialog).to_contain_text("서버로 보내져")
    dialog.get_by_role("button", name="읽지 않기").click()
    assert spoken(reader) == []
    read_aloud(reader)
    dialog.get_by_role("button", name="보내고 읽기").click()
    wait_until(reader, lambda: spoken(reader) == ["안녕하세요."])
    reader.evaluate("finish()")
    read_aloud(reader)
    wait_until(reader, lambda: len(spoken(reader)) == 2)


def test_without_a_voice_or_sound_the_page_says_what_to_do(reader: Page, backend: Backend) -> None:
    backend.answer("안녕하세요.")
    read_aloud(reader)
    wait_until(reader, lambda: len(spoken(reader)) == 1)
    reader.evaluate("finish('error')")
    expect(reader.get_by_role("alert")).to_contain_text("소리를 내지 못했어요")
    reader.evaluate("window.voices = []")
    read_aloud(reader)
    expect(reader.get_by_role("alert")).to_contain_text("한국어 목소리가 없어요")


def test_another_conversation_ends_the_reading(reader: Page, backend: Backend) -> None:
    backend.answer("하나예요. 둘이에요.")
    read_aloud(reader)
    wait_until(reader, lambda: len(spoken(reader)) == 1)
    reader.get_by_role("button", name="새 대화").first.click()
    expect(reader.locator("#reading")).to_have_count(0)
    assert spoken(reader) == ["하나예요."]


@pytest.mark.usefixtures("backend")
def test_dictation_is_off_until_it_is_turned_on_with_a_word_on_the_sound(
    page: Page, site: Site
) -> None:
    page.add_init_script(RECOGNITION)
    page.goto(site.url)
    microphone = page.get_by_role("button", name="말로 입력")
    expect(page.locator("#welcome")).to_be_visible()
    expect(microphone).to_have_count(0)
    open_settings(page)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("서버로 보내져 글로 바뀌어요")
    dialog.get_by_role("group", name="마이크 버튼").get_by_label("켜기").check()
    dialog.get_by_role("button", name="닫기").click()
    expect(microphone).to_be_visible()


def test_spoken_words_stand_at_the_cursor_and_are_sent_by_the_user(
    speaker: Page, backend: Backend
) -> None:
    field = speaker.locator("#question")
    field.fill("내일 날씨")
    speaker.evaluate("document.querySelector('#question').setSelectionRange(2, 2)")
    button = speaker.get_by_role("button", name="말로 입력")
    button.click()
    expect(speaker.locator("#dictate")).to_have_attribute("aria-pressed", "true")
    assert speaker.evaluate("[recognizer.lang, recognizer.processLocally ?? null]") == [
        "ko-KR",
        None,
    ]
    speaker.evaluate("say('서울')")
    speaker.evaluate("say('서울의', '오전')")
    expect(field).to_have_value("내일 서울의 오전 날씨")
    field.press("Enter")
    assert backend.wait_frame("chat")["text"] == "내일 서울의 오전 날씨"
    speaker.evaluate("say('서울의', '오전', '잘못')")
    expect(field).to_have_value("")
    expect(speaker.locator("#dictate")).to_have_attribute("aria-pressed", "false")


def test_speech_stays_on_the_device_where_the_browser_can(speaker: Page) -> None:
    speaker.evaluate("window.availability = 'available'")
    speaker.get_by_role("button", name="말로 입력").click()
    wait_until(speaker, lambda: speaker.evaluate("window.recognizer?.started === true"))
    assert speaker.evaluate("recognizer.processLocally") is True


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("not-allowed", "마이크를 허용한 뒤"),
        ("network", "인터넷 연결을 확인"),
        ("no-speech", "다시 눌러 말씀해"),
    ],
)
def test_a_failed_dictation_says_what_to_do(speaker: Page, error: str, words: str) -> None:
    speaker.get_by_role("button", name="말로 입력").click()
    wait_until(speaker, lambda: speaker.evaluate("window.recognizer?.started === true"))
    speaker.evaluate(
        """(error) => {
          recognizer.dispatchEvent(Object.assign(new Event("error"), { error }));
          recognizer.dispatchEvent(new Event("end"));
        }""",
        error,
    )
    expect(speaker.get_by_role("alert")).to_contain_text(words)
    expect(speaker.locator("#dictate")).to_have_attribute("aria-pressed", "false")
