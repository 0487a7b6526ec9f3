import { t } from "../../text.js";
import { element } from "../dom.js";
import { button, section } from "./dialog.js";

/** Create a group of radio buttons. `options`: pairs of value and label; `onChoose` is called at each change. */
export function choice(name, legend, options, chosen, onChoose) {
  const labels = options.map(([value, label]) => {
    const input = element("input", { type: "radio", name, value, checked: value === chosen });
    input.addEventListener("change", () => onChoose(value));
    return element("label", {}, input, label);
  });
  return element("fieldset", {}, element("legend", {}, legend), element("div", { className: "choice" }, ...labels));
}

/** Create the choices of all preferences. A choice takes effect at once. */
export function preferenceChoices(preferences) {
  const preference = (name, options) =>
    choice(name, t(name), options, preferences.get(name), (value) => preferences.set(name, value));
  return [
    languageChoice(preferences),
    preference("theme", [
      ["system", t("themeSystem")],
      ["light", t("themeLight")],
      ["dark", t("themeDark")],
    ]),
    preference("size", [
      ["small", t("sizeSmall")],
      ["medium", t("sizeMedium")],
      ["large", t("sizeLarge")],
    ]),
    preference("enter", [
      ["send", t("enterSends")],
      ["line", t("enterBreaks")],
    ]),
  ];
}

/** The choice to dictate, where the browser can turn speech into text. */
export function dictationSection(preferences) {
  const options = [
    ["off", t("dictationOff")],
    ["on", t("dictationOn")],
  ];
  return section(
    t("dictationTitle"),
    element("p", { className: "note" }, t("dictationNote")),
    choice("dictation", t("dictationButton"), options, preferences.get("dictation"), (value) =>
      preferences.set("dictation", value),
    ),
  );
}

/** Create the language buttons. They are not radio buttons, as a change reloads the page, which no arrow key should. */
function languageChoice(preferences) {
  const current = preferences.get("language");
  const languages = [
    ["ko", "한국어"],
    ["en", "English"],
  ];
  const buttons = languages.map(([lang, name]) => {
    const choose = () => {
      if (lang === current) return;
      preferences.set("language", lang);
      location.reload();
    };
    return Object.assign(button(name, choose, ""), { lang, ariaPressed: String(lang === current) });
  });
  const box = element("div", { className: "choice" }, ...buttons);
  return element("fieldset", {}, element("legend", {}, t("language")), box);
}
