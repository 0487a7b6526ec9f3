import { t } from "../../text.js";
import { element } from "../dom.js";
import { button, section } from "./dialog.js";

const QUIET_ZONE = 4; // modules, as ISO/IEC 18004 requires
const MODULE_PX = 6; // an integer, so that all modules have the same size
const COLOURS = /** @type {const} */ ({ on: [0, 0, 0], off: [255, 255, 255] }); // black on white

/** Create the section with the transfer link for another device, and with the previous guests of this browser. */
export function transferSection(guests) {
  const box = element("div", { className: "move" });
  box.append(button(t("moveShow"), () => showLink(box, guests.transferLink)));
  const warning = element("p", { className: "note" }, t("moveWarning"));
  const hint = element("p", { className: "note" }, t("moveHint"));
  return section(t("moveTitle"), hint, warning, box, renderPreviousGuests(guests));
}

async function showLink(box, link) {
  const field = element("input", {
    type: "text",
    readOnly: true,
    value: link,
    ariaLabel: t("moveLink"),
    spellcheck: false,
  });
  field.addEventListener("focus", () => field.select());
  const status = element("p", { role: "status" });
  const copy = button(t("moveCopy"), async () => {
    try {
      await navigator.clipboard.writeText(link);
      status.textContent = t("copied");
    } catch {
      field.focus();
      status.textContent = t("moveCopyFailed");
    }
  });
  box.replaceChildren(field, element("div", { className: "buttons" }, copy), status);
  copy.focus();
  try {
    box.prepend(await drawQrCode(link));
    box.scrollIntoView({ block: "center" });
  } catch {
    status.textContent = t("moveCodeFailed");
  }
}

/** Draw a QR code, with the same colours in any theme, as cameras expect it. */
async function drawQrCode(text) {
  const { correction, generate } = await import("../../../vendor/lean-qr.js");
  const canvas = element("canvas", { className: "code-image", role: "img", ariaLabel: t("moveCode") });
  const code = generate(text, { minCorrectionLevel: correction.M });
  code.toCanvas(canvas, { ...COLOURS, pad: QUIET_ZONE });
  canvas.style.width = `${canvas.width * MODULE_PX}px`;
  return canvas;
}

function renderPreviousGuests(guests) {
  const { previous } = guests;
  if (previous.length === 0) return "";
  const list = element("ul", {}, ...previous.map((guest) => renderPreviousGuest(guest, guests)));
  return element("div", { className: "kept" }, element("p", {}, t("keptTitle")), list);
}

function renderPreviousGuest({ secret, at }, guests) {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  const until = t("keptUntil", { time: format.format(new Date(at)) });
  const row = element("li", {}, element("p", { className: "note" }, until));
  const buttons = element("div", { className: "buttons" });
  const returnToGuest = async () => {
    await guests.switchTo(secret);
    history.replaceState(null, "", location.pathname);
    location.reload();
  };
  const forget = () => {
    guests.forget(secret);
    row.replaceChildren(element("p", { className: "note", role: "status" }, t("keptForgotten")));
  };
  const confirm = () => {
    const no = button(t("cancel"), showButtons);
    const yes = button(t("keptForgetYes"), forget, "danger");
    buttons.replaceChildren(element("p", { role: "alert" }, t("keptForgetAsk")), yes, no);
    no.focus();
  };
  const showButtons = () => {
    buttons.replaceChildren(button(t("keptBack"), returnToGuest), button(t("keptForget"), confirm));
  };
  showButtons();
  row.append(buttons);
  return row;
}
