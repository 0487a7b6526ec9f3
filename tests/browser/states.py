"""Every state of the page that a person can meet, and how to get there; wide first."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.backend import Backend
from tests.browser.site import Site, stored_document, stored_turn
from tests.browser.test_chat import OTHER, ask, open_details
from tests.browser.test_markdown import SAMPLE
from tests.browser.test_search import open_search

PROOFREAD = "몇일 전에 말씀드린데로 내일 뵈요. 늦으면 않 되요!\n\n오실 때 우산을 챙기세요."


@dataclass(frozen=True)
class Stage:
    """A page that is open and connected, and what stands behind it."""

    page: Page
    site: Site
    backend: Backend

    def ask(self, text: str = "경주에 가려고 해", count: int = 1) -> str:
        ask(self.page, text)
        request_id: str = self.backend.wait_frame("chat", count)["request_id"]
        return request_id

    def begin(self) -> str:
        request_id = self.ask()
        self.backend.accept(request_id)
        self.backend.delta(request_id, 1, SAMPLE[:300])
        expect(self.page.locator(".prose h3").first).to_be_visible()
        return request_id

    def says(self, words: str) -> None:
        expect(self.page.locator(".state").last).to_contain_text(words)

    def offers(self, name: str) -> None:
        expect(self.page.get_by_role("button", name=name)).to_be_visible()


State = Callable[[Stage], None]


def first_visit(stage: Stage) -> None:
    expect(stage.page.locator("#welcome")).to_be_visible()


def list_hidden(stage: Stage) -> None:
    answered(stage)
    stage.page.get_by_role("button", name="대화 목록", exact=True).click()
    expect(stage.page.locator("#sidebar")).to_be_hidden()


def sending(stage: Stage) -> None:
    stage.ask()
    stage.says("보내는 중…")


def waiting(stage: Stage) -> None:
    stage.backend.accept(stage.ask())
    stage.says("답변을 준비하고 있어요…")


def waiting_long(stage: Stage) -> None:
    stage.page.clock.install()
    waiting(stage)
    stage.page.clock.run_for(5_500)
    stage.says("조금 더 걸리고 있어요… 5초째")


def answering(stage: Stage) -> None:
    stage.begin()
    stage.says("쓰고 있어요…")


def typing_meanwhile(stage: Stage) -> None:
    stage.begin()
    stage.page.locator("#question").fill("다음 질문")
    expect(stage.page.get_by_role("button", name="보내기")).to_be_enabled()


def queued(stage: Stage) -> None:
    stage.begin()
    ask(stage.page, "다음 질문")
    stage.says("앞의 답변이 끝나면 보낼게요.")


def stopping(stage: Stage) -> None:
    stage.begin()
    stage.page.keyboard.press("Escape")
    stage.says("멈추는 중…")


def stopped(stage: Stage) -> None:
    stage.backend.done(stage.begin(), 1, "cancelled")
    stage.says("여기서 멈췄어요.")


def reconnecting(stage: Stage) -> None:
    stage.begin()
    stage.backend.refusing = True
    stage.backend.drop()
    stage.says("다시 연결하고 있어요…")
    stage.offers("지금 연결")


def offline(stage: Stage) -> None:
    stage.page.context.set_offline(True)
    stage.backend.refusing = True
    stage.backend.drop()
    ask(stage.page, "안녕")
    stage.says("연결되면 보낼게요.")
    expect(stage.page.locator("#connection")).to_contain_text("인터넷에 연결되어 있지 않아요")


def interrupted(stage: Stage) -> None:
    stage.backend.done(stage.begin(), 1, "deadline")
    stage.offers("이어서 쓰기")


def not_continued(stage: Stage) -> None:
    request_id = stage.begin()
    stage.backend.done(request_id, 1, "length")
    stage.page.get_by_role("button", name="이어서 쓰기").click()
    stage.backend.wait_frame("continue")
    stage.backend.fail(request_id, "quota_exceeded")
    stage.says("모두 썼어요")


def failed(stage: Stage) -> None:
    stage.backend.fail(stage.ask(), "throttled")
    stage.offers("다시 시도")


def quota_reached(stage: Stage) -> None:
    stage.backend.fail(stage.ask(), "quota_exceeded", retryable=False)
    stage.offers("입력창으로 가져오기")


def over_limit(stage: Stage) -> None:
    stage.page.locator("#question").fill("가" * 8_001)
    expect(stage.page.locator("#counter")).to_contain_text("1자를 줄이면")


def answered(stage: Stage) -> None:
    stage.ask()
    stage.backend.answer(SAMPLE)
    expect(stage.page.locator("#status")).to_have_text("답변이 끝났습니다")


def choosing_a_mode(stage: Stage) -> None:
    stage.page.locator("#modes label", has_text="맞춤법").click()
    stage.page.locator("#question").fill("몇일 전에 말씀드린데로 내일 뵈요.")
    stage.offers("고정")


def turned_round(stage: Stage) -> None:
    stage.page.locator("#modes label", has_text="번역").click()
    stage.page.locator("#question").fill("See you tomorrow at 3, 서연!")
    stage.page.get_by_role("button", name="고정").click()
    stage.page.get_by_role("button", name="방향 바꾸기").click()
    expect(stage.page.locator("#direction")).to_contain_text("한국어 → 영어")


def proofread(stage: Stage) -> None:
    stage.page.locator("#modes label", has_text="맞춤법").click()
    stage.ask(PROOFREAD)
    stage.backend.answer(
        "- **몇일** → **며칠**: ‘며칠’이 바른 말이에요.\n"
        "- **뵈요** → **봬요**: ‘뵈어요’가 줄어든 말이에요.\n\n"
        "고친 글:\n며칠 전에 말씀드린 대로 내일 봬요. 늦으면 안 돼요!\n\n오실 때 우산을 챙기세요."
    )
    stage.offers("고친 글 복사")


def detailed(stage: Stage) -> None:
    stage.page.locator("#modes label").nth(1).click()
    answered(stage)
    open_details(stage.page)
    expect(stage.page.locator(".details")).to_be_visible()


def grouped(stage: Stage) -> None:
    times = {"작년의 대화": "2025-11-20", "어제의 대화": "2026-11-21", "오늘의 대화": "2026-11-22"}
    stage.site.history.turns = [
        stored_turn(title, "네.", conversation_id=title, created_at=f"{day}T09:00:00+00:00")
        for title, day in times.items()
    ]
    stage.page.clock.set_fixed_time("2026-11-22T10:00:00Z")
    stage.page.reload()
    expect(stage.page.locator("#conversations h2")).to_have_count(3)


def search(stage: Stage, words: str) -> None:
    answered(stage)
    trip = stored_turn(
        "주말 여행", "**경주** 남산과 첨성대를 걸어 보세요. " * 8, conversation_id=OTHER
    )
    stage.site.history.turns = [trip, stored_turn("경주 가는 기차", "두 시간쯤 걸려요.")]
    open_search(stage.page).fill(words)


def found(stage: Stage) -> None:
    search(stage, "경주")
    expect(stage.page.get_by_role("option")).to_have_count(2)
    stage.page.keyboard.press("ArrowDown")


def before_a_search(stage: Stage) -> None:
    search(stage, "")


def finding_nothing(stage: Stage) -> None:
    search(stage, "런던")
    expect(stage.page.locator(".search-dialog .note")).to_contain_text("찾는 말이 든 대화가 없어요")


def failing_to_search(stage: Stage) -> None:
    answered(stage)
    field = open_search(stage.page)
    stage.site.history.failing = True
    field.fill("경주")
    expect(stage.page.get_by_role("button", name="다시 찾기")).to_be_visible()


def showing_a_found_turn(stage: Stage) -> None:
    search(stage, "남산")
    stage.page.get_by_role("option").click()
    expect(stage.page.locator(".bubble")).to_have_text("주말 여행")


def renaming(stage: Stage) -> None:
    answered(stage)
    stage.page.get_by_role("button", name="이름 바꾸기").click()
    stage.page.get_by_label("대화 이름").fill("")
    stage.page.keyboard.press("Enter")
    expect(stage.page.locator("#rename-note")).to_have_text("이름을 한 글자 이상 적어 주세요.")


def renaming_the_model_s_title(stage: Stage) -> None:
    answered(stage)
    id = stage.backend.frames[0]["conversation_id"]
    stage.backend.say(f'{{"type": "title", "conversation_id": "{id}", "title": "가을 여행"}}')
    stage.page.get_by_role("button", name="‘가을 여행’ 이름 바꾸기").click()


def temporary(stage: Stage) -> None:
    stage.page.get_by_role("button", name="임시 대화 시작").click()
    answered(stage)
    expect(stage.page.locator("#temporary")).to_be_visible()


def temporary_and_empty(stage: Stage) -> None:
    stage.page.get_by_role("button", name="임시 대화 시작").click()
    expect(stage.page.locator("#temporary")).to_be_visible()


def deleting(stage: Stage) -> None:
    answered(stage)
    stage.page.get_by_role("button", name="대화 삭제").press("Enter")
    expect(stage.page.get_by_role("button", name="되돌리기")).to_be_focused()


def with_variants(stage: Stage) -> None:
    stage.site.history.turns = [
        stored_turn("경주에 가려고 해", "언제 가세요?", turn_id="first"),
        stored_turn("가을에", "단풍이 곱겠네요.", turn_id="older"),
        stored_turn("봄에", SAMPLE[:300], parent="first"),
        stored_turn("봄에", "벚꽃이 핀 보문호를 걸어 보세요.", parent="first"),
    ]
    stage.page.reload()
    expect(stage.page.locator(".switcher")).to_have_text("3/3")


def choosing_a_wish(stage: Stage) -> None:
    with_variants(stage)
    stage.page.get_by_role("button", name="다시 쓰기", exact=True).last.click()
    expect(stage.page.get_by_role("menu")).to_be_visible()


def deleting_a_variant(stage: Stage) -> None:
    choosing_a_wish(stage)
    stage.page.get_by_role("menuitem", name="이 답 지우기").click()
    stage.offers("취소")


def editing(stage: Stage) -> None:
    with_variants(stage)
    stage.page.locator(".question").last.hover()
    stage.page.get_by_role("button", name="고치기").last.click()
    expect(stage.page.locator(".editor textarea")).to_be_focused()


def editing_over_limit(stage: Stage) -> None:
    editing(stage)
    stage.page.locator(".editor textarea").fill("가 " * 4_001 + "가")
    expect(stage.page.locator(".editor .counter")).to_contain_text("3자를 줄이면")


def regenerating(stage: Stage) -> None:
    choosing_a_wish(stage)
    stage.page.get_by_role("menuitem", name="더 짧게").click()
    request_id = stage.backend.wait_frame("chat")["request_id"]
    stage.backend.accept(request_id)
    stage.backend.delta(request_id, 1, "벚꽃이 핀 ")
    stage.says("쓰고 있어요…")


def continued_elsewhere(stage: Stage) -> None:
    with_variants(stage)
    elsewhere = stored_turn("봄에", "대릉원이 좋아요.", parent="first", status="streaming")
    stage.site.history.turns.append(elsewhere)
    stage.page.clock.install()
    stage.page.clock.run_for(6_000)
    stage.page.evaluate("dispatchEvent(new Event('focus'))")
    stage.offers("새 답 보기")


def with_documents(stage: Stage, characters: int = 9_600) -> None:
    stage.site.history.turns = [stored_turn("며칠 쉬어?", "열흘이요.")]
    stage.site.history.documents.of[stage.site.history.turns[0]["conversation_id"]] = [
        stored_document("취업 규칙 전부개정안 (2026년 11월).hwp", skipped={"header": 2}),
        stored_document("예산.xlsx", unit="sheet", units=3, characters=characters),
        stored_document("회의록.pdf", status="failed", code="locked"),
    ]
    stage.page.reload()
    expect(stage.page.locator(".document")).to_have_count(3)


def uploading(stage: Stage) -> None:
    with_documents(stage)
    stage.page.route("**/uploads", lambda route: None)
    with stage.page.expect_file_chooser() as chooser:
        stage.page.get_by_role("button", name="문서 첨부").click()
    file: Any = {"name": "규정.hwp", "mimeType": "", "buffer": b"rules"}
    chooser.value.set_files([file])
    expect(stage.page.get_by_role("progressbar")).to_be_visible()
    ask(stage.page, "며칠 쉬어?")
    stage.says("문서를 다 읽으면 보낼게요.")


def removing_a_document(stage: Stage) -> None:
    with_documents(stage)
    stage.page.get_by_role("button", name="‘예산.xlsx’ 문서 지우기").click()
    expect(stage.page.get_by_role("button", name="취소")).to_be_focused()


def citing(stage: Stage) -> None:
    document = stored_document("취업 규칙 전부개정안 (2026년 11월).hwp")
    source = {
        "n": 1,
        "document_id": document["document_id"],
        "name": document["name"],
        "unit": "page",
        "unit_name": "3",
        "part": 1,
        "text": "제15조(연차 휴가)",
    }
    turn = stored_turn("며칠 쉬어?", "하루입니다 [1].", sources=[source])
    stage.site.history.turns = [turn]
    documents = stage.site.history.documents
    documents.of[turn["conversation_id"]] = [document]
    documents.texts[document["document_id"]] = [
        {"n": n, "unit": "page", "name": "3", "text": f"제{n}조\n| 근속 | 일수 |\n" * 9}
        for n in range(4)
    ]
    stage.page.reload()
    stage.offers("[1] 출처 보기")


def reading_a_passage(stage: Stage) -> None:
    citing(stage)
    stage.page.get_by_role("button", name="[1] 출처 보기").click()
    expect(stage.page.get_by_role("dialog").locator("mark")).to_be_visible()


def estimating_a_summary(stage: Stage) -> None:
    with_documents(stage, 60_000)
    stage.page.get_by_role("button", name="요약하기").click()
    expect(stage.page.get_by_role("group", name="글이 길어서")).to_be_visible()


def summarising(stage: Stage) -> None:
    with_documents(stage)
    stage.page.get_by_role("button", name="요약하기").click()
    request_id = stage.backend.wait_frame("chat")["request_id"]
    stage.backend.progress(request_id, "noting", 5, 12)
    stage.says("문서 12부분 중 5부분을 읽었어요.")


def open_models(stage: Stage) -> None:
    stage.page.get_by_role("button", name="모델: ").click()
    expect(stage.page.get_by_role("menu")).to_be_visible()


def choosing_a_model(stage: Stage) -> None:
    answered(stage)
    open_models(stage)


def answered_by_another_model(stage: Stage) -> None:
    open_models(stage)
    stage.page.get_by_role("menuitemradio").last.click()
    answered(stage)
    stage.says("고른 모델을 쓸 수 없어서")


def searching_for_a_small_model(stage: Stage) -> None:
    with_documents(stage)
    open_models(stage)
    stage.page.get_by_role("menuitemradio").nth(1).click()
    stage.offers("한 번에 다 읽는")


def rating(stage: Stage) -> None:
    answered(stage)
    stage.page.get_by_role("button", name="아쉬운 답변").click()
    expect(stage.page.get_by_label("한마디", exact=True)).to_be_visible()


def rating_without_a_network(stage: Stage) -> None:
    rating(stage)
    stage.page.context.set_offline(True)
    stage.page.get_by_role("button", name="좋은 답변").click()
    expect(stage.page.locator("#alert")).to_contain_text("인터넷에 연결되어 있지 않아요")


def settings(stage: Stage) -> None:
    answered(stage)
    stage.page.keyboard.press("Control+,")
    expect(stage.page.get_by_role("dialog")).to_be_visible()


def listing_shortcuts(stage: Stage) -> None:
    stage.page.keyboard.press("Control+Slash")
    expect(stage.page.get_by_role("dialog")).to_be_visible()


def instructed(stage: Stage) -> None:
    answered(stage)
    stage.page.keyboard.press("Control+,")
    stage.page.get_by_label("맞춤 지침", exact=True).fill("짧게 답해 주세요.")
    stage.page.get_by_role("button", name="저장", exact=True).click()
    expect(stage.page.get_by_text("저장했어요.")).to_be_visible()
    stage.page.keyboard.press("Escape")
    expect(stage.page.get_by_role("switch")).to_be_visible()


def move_revealed(stage: Stage) -> None:
    settings(stage)
    stage.page.get_by_role("button", name="옮기기 링크 보기").click()
    expect(stage.page.get_by_role("img", name="옮기기 링크의 QR 코드")).to_be_visible()


def deleting_all(stage: Stage) -> None:
    settings(stage)
    stage.page.get_by_role("button", name="모든 대화 삭제").click()
    stage.offers("모두 지우기")


def arriving(stage: Stage) -> None:
    stage.page.evaluate(f"location.hash = '#move={'B' * 43}'")
    expect(stage.page.get_by_role("dialog")).to_be_visible()


MARKS = r"""
# 근의 공식

$ax^2 + bx + c = 0$의 해예요.[^1] H<sub>2</sub>O는 5\,000원이 아니에요.

$$x = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a} + \sum_{n=0}^{\infty} \frac{a_n b_n c_n d_n e_n f_n}{n!}$$

```python
def roots(a: float, b: float, c: float) -> list[float]:
    return [(-b + sign * (b * b - 4 * a * c) ** 0.5) / (2 * a) for sign in (1, -1)]  # 두 해
```

| 이름 | 값 |
|---|---|
| 가 | 1 |

<details><summary>더 보기</summary>

숨은 글이에요.

</details>

[^1]: 실수인 때만요.
"""


def with_marks(stage: Stage) -> None:
    request_id = stage.ask()
    stage.backend.accept(request_id)
    stage.backend.delta(request_id, 1, MARKS)
    stage.backend.done(request_id, 1)
    expect(stage.page.locator("math")).to_have_count(2)
    expect(stage.page.locator("code [class]").first).to_be_visible()
    stage.page.locator("summary").click()


def choosing_a_copy(stage: Stage) -> None:
    with_marks(stage)
    stage.page.get_by_role("button", name="더 보기", exact=True).click()
    expect(stage.page.get_by_role("menu")).to_be_visible()


def reading_aloud(stage: Stage) -> None:
    stage.page.evaluate(
        """() => {
          const voice = { lang: "ko-KR", localService: true };
          speechSynthesis.getVoices = () => [voice];
          speechSynthesis.speak = () => {};
          window.SpeechSynthesisUtterance = class extends EventTarget {};
        }"""
    )
    with_marks(stage)
    stage.page.get_by_role("button", name="읽어 주기").click()
    stage.offers("그만 읽기")


def asking_for_a_remote_voice(stage: Stage) -> None:
    stage.page.evaluate(
        """() => {
          const voice = { lang: "ko-KR", localService: false };
          speechSynthesis.getVoices = () => [voice];
        }"""
    )
    with_marks(stage)
    stage.page.get_by_role("button", name="읽어 주기").click()
    stage.offers("보내고 읽기")


def sharing(stage: Stage) -> None:
    with_variants(stage)
    stage.page.get_by_role("button", name="공유", exact=True).last.click()
    expect(stage.page.get_by_role("dialog")).to_contain_text("누구나 로그인 없이")


def shared(stage: Stage) -> None:
    sharing(stage)
    stage.page.get_by_role("button", name="링크 만들기").click()
    stage.offers("공유 끝내기")


def listing_shares(stage: Stage) -> None:
    title = "경주에서 부산까지 걸어서 여행하는 가장 좋은 방법"
    stage.site.history.shares.add("a" * 64, [stored_turn(title, "네")])
    settings(stage)
    stage.offers(f"‘{title}’ 공유 끝내기")


def not_copied(stage: Stage) -> None:
    stage.site.history.shares.refusals = [(404, "not_found")]
    stage.page.evaluate(f"location.hash = '#copy={'B' * 43}'")
    expect(stage.page.get_by_role("dialog")).to_contain_text("더 이상 공유되지 않아요.")


def reading_a_share(stage: Stage) -> None:
    key = "B" * 43
    turns = [stored_turn("경주에 가려고 해", SAMPLE), stored_turn("Hi", "안녕", mode="translate")]
    share_id = hashlib.sha256(key.encode()).hexdigest()
    stage.site.history.shares.add(share_id, turns, truncated=True)
    stage.page.goto(f"{stage.site.url}/shared.html#{key}")
    expect(stage.page.get_by_role("link", name="이 대화 이어가기")).to_be_visible()


def finding_no_share(stage: Stage) -> None:
    stage.page.goto(f"{stage.site.url}/shared.html#{'B' * 43}")
    expect(stage.page.get_by_role("link", name="서연에게 가기")).to_be_visible()


def signing_in(stage: Stage) -> None:
    hosted = {"url": stage.site.url, "client_id": "the-page"}
    stage.site.config = {"auth": "cognito", "cognito": hosted}
    stage.page.reload()
    stage.offers("로그인")


STATES: list[State] = [
    first_visit,
    list_hidden,
    sending,
    waiting,
    waiting_long,
    answering,
    typing_meanwhile,
    queued,
    stopping,
    stopped,
    reconnecting,
    offline,
    interrupted,
    not_continued,
    failed,
    quota_reached,
    over_limit,
    answered,
    choosing_a_mode,
    turned_round,
    proofread,
    detailed,
    grouped,
    found,
    before_a_search,
    finding_nothing,
    failing_to_search,
    showing_a_found_turn,
    renaming,
    renaming_the_model_s_title,
    temporary,
    temporary_and_empty,
    deleting,
    with_variants,
    choosing_a_wish,
    deleting_a_variant,
    editing,
    editing_over_limit,
    regenerating,
    continued_elsewhere,
    with_documents,
    uploading,
    removing_a_document,
    citing,
    reading_a_passage,
    estimating_a_summary,
    summarising,
    choosing_a_model,
    answered_by_another_model,
    searching_for_a_small_model,
    rating,
    rating_without_a_network,
    settings,
    listing_shortcuts,
    instructed,
    move_revealed,
    deleting_all,
    arriving,
    with_marks,
    choosing_a_copy,
    reading_aloud,
    asking_for_a_remote_voice,
    sharing,
    shared,
    listing_shares,
    not_copied,
    reading_a_share,
    finding_no_share,
    signing_in,
]
IN_LIST: list[State] = [
    answered,
    grouped,
    renaming,
    renaming_the_model_s_title,
    deleting,
]
"""Whose place is the list, which is a drawer on a narrow screen."""
