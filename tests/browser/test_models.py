"""The choice of a model: for a conversation, across reloads and variants, and with documents."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.backend import Backend, Complaints
from tests.browser.site import CONFIG, Site, stored_document, stored_turn
from tests.browser.test_chat import ask
from tests.browser.test_conversations import rows
from tests.browser.test_settings import open_settings
from tests.builders import MODEL, MODEL_CHOICES, NEXT_MODEL

OTHER = "00000000-0000-4000-8000-000000000002"
SMALL, LARGE = (str(choice["name"]) for choice in MODEL_CHOICES)


def button(page: Page) -> Locator:
    return page.locator("button.model")


def items(page: Page) -> Locator:
    return page.get_by_role("menuitemradio")


def choose(page: Page, name: str) -> None:
    button(page).click()
    items(page).filter(has_text=re.compile(f"^{name}")).click()
    expect(button(page)).to_have_text(f"모델: {name}")


@pytest.fixture
def talk(page: Page, site: Site, backend: Backend, returning: None) -> Page:
    """The page with a conversation that has chosen the large model, and another one."""
    site.history.turns = [
        stored_turn("옛 대화", "네.", conversation_id=OTHER),
        stored_turn("경주", "좋아요.", model=NEXT_MODEL, model_id=NEXT_MODEL),
    ]
    page.goto(site.url)
    expect(page.locator(".prose")).to_have_text("좋아요.")
    expect(button(page)).to_be_visible()
    return page


def test_a_menu_names_context_and_price_and_the_choice_goes_with_the_question(
    chat: Page, backend: Backend
) -> None:
    button(chat).press("Enter")
    automatic = "자동먼저 Llama 3 70B 모델이 답해요. 문서가 길면 다 읽을 수 있는 모델이 답해요."
    expect(items(chat)).to_have_text(
        [
            automatic,
            f"{SMALL}한 번에 약 8,000자까지 읽어요 · 비싼 편",
            f"{LARGE}한 번에 약 100,000자까지 읽어요 · 싼 편",
        ]
    )
    expect(items(chat).first).to_be_focused()
    expect(items(chat).first).to_have_attribute("aria-checked", "true")
    chat.keyboard.press("End")
    chat.keyboard.press("Enter")
    expect(chat.locator("#status")).to_have_text(f"이 대화에는 {LARGE} 모델이 답할게요.")
    expect(button(chat)).to_be_focused()
    ask(chat, "하나")
    assert backend.wait_frame("chat")["model"] == NEXT_MODEL
    backend.answer("네.", model_id=NEXT_MODEL)
    ask(chat, "둘")
    assert backend.wait_frame("chat", 2)["model"] == NEXT_MODEL
    expect(chat.get_by_text("고른 모델을 쓸 수 없어서")).to_have_count(0)


def test_without_a_choice_no_model_is_sent(chat: Page, backend: Backend) -> None:
    expect(button(chat)).to_have_text("모델: 자동")
    ask(chat, "하나")
    assert "model" not in backend.wait_frame("chat")


@pytest.mark.parametrize(
    "config",
    [
        {"models": MODEL_CHOICES[:1]},
        {"models": None},
        {"features": [name for name in CONFIG["features"] if name != "chat.model"]},
    ],
    ids=["one model", "no list", "older functions"],
)
@pytest.mark.usefixtures("returning")
def test_without_several_models_nothing_is_offered_and_loaded(
    page: Page, site: Site, backend: Backend, config: dict[str, object]
) -> None:
    site.config = config
    site.history.turns = [stored_turn("경주", "네.", model=NEXT_MODEL, model_id=NEXT_MODEL)]
    page.goto(site.url)
    ask(page, "하나")
    frame = backend.wait_frame("chat")
    assert "model" not in frame
    expect(button(page)).to_have_count(0)
    assert not any("/model-" in name for name in site.requested)


def test_each_conversation_has_its_choice(talk: Page, backend: Backend) -> None:
    expect(button(talk)).to_have_text(f"모델: {LARGE}")
    rows(talk).last.click()
    expect(button(talk)).to_have_text("모델: 자동")
    choose(talk, SMALL)
    rows(talk).first.click()
    expect(button(talk)).to_have_text(f"모델: {LARGE}")
    rows(talk).last.click()
    expect(button(talk)).to_have_text(f"모델: {SMALL}")
    ask(talk, "더")
    assert backend.wait_frame("chat")["model"] == MODEL
    talk.get_by_role("button", name="새 대화").first.click()
    expect(button(talk)).to_have_text("모델: 자동")


def test_a_choice_and_its_end_outlive_a_reload(talk: Page, backend: Backend) -> None:
    choose(talk, "자동")
    talk.reload()
    expect(button(talk)).to_have_text("모델: 자동")
    ask(talk, "더")
    assert "model" not in backend.wait_frame("chat")
    choose(talk, SMALL)
    talk.reload()
    expect(button(talk)).to_have_text(f"모델: {SMALL}")


def test_a_new_conversation_keeps_its_choice_across_a_reload(chat: Page, backend: Backend) -> None:
    choose(chat, LARGE)
    chat.reload()
    expect(button(chat)).to_have_text(f"모델: {LARGE}")
    ask(chat, "하나")
    assert backend.wait_frame("chat")["model"] == NEXT_MODEL
    backend.answer("네.", model_id=NEXT_MODEL)
    chat.get_by_role("button", name="새 대화").first.click()
    expect(button(chat)).to_have_text("모델: 자동")


def test_an_unsent_question_keeps_its_choice(
    chat: Page, backend: Backend, complaints: Complaints
) -> None:
    complaints.expect("ERR_INTERNET_DISCONNECTED")
    choose(chat, LARGE)
    backend.refusing = True
    backend.drop()
    ask(chat, "하나")
    expect(chat.locator(".state")).to_have_text("연결되면 보낼게요.")
    backend.refusing = False
    chat.reload()
    assert backend.wait_frame("chat")["model"] == NEXT_MODEL


def test_another_answer_is_asked_of_the_model_that_is_shown(talk: Page, backend: Backend) -> None:
    def again() -> None:
        talk.get_by_role("button", name="다시 쓰기").last.click()
        talk.get_by_role("menuitem", name="다시 쓰기", exact=True).click()

    again()
    frame = backend.wait_frame("chat")
    assert (frame["model"], "variant_of" in frame) == (NEXT_MODEL, True)
    backend.answer("그럼요.", model_id=NEXT_MODEL)
    choose(talk, SMALL)
    again()
    assert backend.wait_frame("chat", 2)["model"] == MODEL


def test_a_second_try_keeps_the_choice(chat: Page, backend: Backend) -> None:
    choose(chat, LARGE)
    ask(chat, "하나")
    backend.fail(backend.wait_frame("chat")["request_id"], "busy")
    chat.get_by_role("button", name="다시 시도").click()
    assert backend.wait_frame("chat", 2)["model"] == NEXT_MODEL


def test_another_model_that_has_answered_is_named(talk: Page, backend: Backend) -> None:
    state = talk.locator(".state").last
    ask(talk, "더")
    backend.answer("네.", model_id=MODEL)
    expect(state).to_have_text(f"고른 모델을 쓸 수 없어서 {SMALL} 모델이 답했어요.")
    open_details_of_last(talk)
    expect(talk.locator(".details").last).to_contain_text(f"{SMALL} ({MODEL})")
    ask(talk, "그리고")
    request_id = backend.wait_frame("chat", 2)["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "옛날")
    backend.done(request_id, 1, "length", model_id="meta.gone-v1:0")
    expect(state).to_have_text(
        "길이 제한에 닿아 여기까지 썼어요. 고른 모델을 쓸 수 없어서 meta.gone-v1:0 모델이 답했어요."
    )


def open_details_of_last(page: Page) -> None:
    page.get_by_role("button", name="더 보기", exact=True).last.press("Enter")
    page.get_by_role("menuitem", name="자세히", exact=True).press("Enter")


@pytest.mark.usefixtures("returning")
def test_a_model_that_is_not_deployed_any_more_is_not_chosen_again(
    page: Page, site: Site, backend: Backend
) -> None:
    gone = "meta.llama2-70b-chat-v1"
    site.history.turns = [stored_turn("경주", "좋아요.", model=gone, model_id=gone)]
    page.goto(site.url)
    expect(button(page)).to_have_text("모델: 자동")
    ask(page, "더")
    assert "model" not in backend.wait_frame("chat")


def test_a_temporary_conversation_keeps_its_choice_in_the_tab_alone(
    talk: Page, backend: Backend, site: Site
) -> None:
    talk.get_by_role("button", name="임시 대화 시작").click()
    expect(button(talk)).to_have_text("모델: 자동")
    choose(talk, SMALL)
    assert talk.evaluate("JSON.stringify({...localStorage})").count(MODEL) == 0
    ask(talk, "비밀")
    frame = backend.wait_frame("chat")
    assert (frame["temporary"], frame["model"]) == (True, MODEL)
    backend.answer("네.")
    choose(talk, LARGE)
    talk.get_by_role("button", name="끝내기").click()
    expect(button(talk)).to_have_text("모델: 자동")
    talk.get_by_role("button", name="임시 대화 시작").click()
    expect(button(talk)).to_have_text("모델: 자동")


@pytest.mark.usefixtures("returning")
def test_documents_too_long_for_the_chosen_model_are_said_and_a_longer_one_is_offered(
    page: Page, site: Site, backend: Backend
) -> None:
    turn = stored_turn("며칠 쉬어?", "열흘이요.", model=MODEL)
    site.history.turns = [turn]
    documents = [stored_document("규정.hwp", characters=6_000, parts=6)]
    site.history.documents.of[turn["conversation_id"]] = documents
    page.goto(site.url)
    notice = page.locator(".estimate[role=status]")
    expect(page.locator(".document")).to_have_count(1)
    expect(button(page)).to_have_text(f"모델: {SMALL}")
    expect(notice).to_be_hidden()

    documents.append(stored_document("예산.pdf", characters=2_000, parts=2))
    page.reload()
    expect(notice).to_contain_text("질문에 맞는 부분만 찾아 읽어요.")
    page.get_by_role("button", name=f"한 번에 다 읽는 {LARGE} 모델로 바꾸기").click()
    expect(notice).to_be_hidden()
    expect(button(page)).to_have_text(f"모델: {LARGE}")
    expect(page.locator("#question")).to_be_focused()
    ask(page, "며칠 쉬어?")
    assert backend.wait_frame("chat")["model"] == NEXT_MODEL


@pytest.mark.usefixtures("returning")
def test_documents_too_long_for_each_model_are_said_without_an_offer(
    page: Page, site: Site, backend: Backend
) -> None:
    turn = stored_turn("며칠 쉬어?", "열흘이요.", model=NEXT_MODEL)
    site.history.turns = [turn]
    long = [stored_document("규정.hwp", characters=60_000, parts=60)]
    site.history.documents.of[turn["conversation_id"]] = long
    page.goto(site.url)
    notice = page.locator(".estimate[role=status]")
    expect(notice).to_contain_text("질문에 맞는 부분만 찾아 읽어요.")
    expect(notice.get_by_role("button")).to_have_count(0)
    choose(page, "자동")
    expect(notice).to_be_hidden()


def test_on_a_laptop_the_page_names_the_model_that_answers(
    page: Page, site: Site, backend: Backend
) -> None:
    site.config = {"model": "Kanana"}
    page.goto(site.url)
    button(page).click()
    expect(items(page).first).to_contain_text("무엇을 골라도 Kanana 모델이 답해요.")


def test_an_export_has_the_choice_of_each_turn(talk: Page, tmp_path: Path) -> None:
    open_settings(talk)
    with talk.expect_download() as download:
        talk.get_by_role("button", name="JSON으로 저장").click()
    download.value.save_as(tmp_path / "export.json")
    exported = json.loads((tmp_path / "export.json").read_text())
    chosen = [turn["model"] for each in exported["conversations"] for turn in each["turns"]]
    assert chosen == [NEXT_MODEL]


def test_the_choice_speaks_english(page: Page, site: Site, backend: Backend) -> None:
    page.add_init_script("localStorage.setItem('seoyeon.language', 'en')")
    page.goto(site.url)
    expect(button(page)).to_have_text("Model: automatic")
    button(page).click()
    expect(items(page).last).to_have_text(f"{LARGE}reads about 100,000 characters at once · cheap")
    items(page).last.click()
    expect(page.locator("#status")).to_have_text(f"{LARGE} will answer in this conversation.")


def test_a_menu_that_cannot_be_loaded_is_said_and_opens_with_the_next_press(
    chat: Page, complaints: Complaints
) -> None:
    complaints.expect("ERR_FAILED")
    chat.route("**/assets/model-*.css", lambda route: route.abort(), times=1)
    button(chat).click()
    expect(chat.locator("#alert")).to_contain_text("잠시 뒤 다시 시도해 주세요.")
    button(chat).click()
    expect(items(chat)).to_have_count(3)
    expect(items(chat).locator("small").first).to_have_css("display", "block")
