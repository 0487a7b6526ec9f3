import { getDefaults, Lexer, Tokenizer } from "../../vendor/marked.js";
import { extensions, hooks } from "./extensions.js";

/*
 * CommonMark does not read `**서버리스(serverless)**는` as emphasis: between punctuation and a letter, a delimiter cannot
 * close (commonmark-spec issue 650). Korean particles follow without a space, so here it can. The alternatives are those
 * of marked, in its order: the number of the matching group tells marked what the delimiter can do.
 */
const CJK = String.raw`[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]`;
const PUNCTUATION = String.raw`(?!\*)(?!~)[\p{P}\p{S}]`;
const LETTER = String.raw`(?:[^\s\p{P}\p{S}]|~)`;
const QUOTE = `["']`;
/* `**굵게 *기울임*은**`: after an opener that follows a space, the same mark between syllables closes. */
const OPENED_BEFORE = ["\\*", "\\*\\*"]
  .map((mark) => String.raw`(?<=(?!\*)[\s\p{P}\p{S}]${mark}(?![*\s])[^*]*[^*\s]${mark})`)
  .join("|");
const CLOSING_MARK = new RegExp(
  [
    String.raw`^[^_*]*?__[^_*]*?\*[^_*]*?(?=__)`,
    "[^*]+(?=[^*])",
    String.raw`${PUNCTUATION}(\*+)(?=[\s]|$|(?<!(?:[\p{Ps}\p{Pi}]|${QUOTE})\*+)${CJK})`,
    String.raw`${LETTER}(\*+)(?!\*)(?=(?!~)[\s\p{P}\p{S}]|$|(?:${OPENED_BEFORE})${CJK})`,
    String.raw`(?!${QUOTE}\*+${CJK})(?!\*)(?!~)[\s\p{P}\p{S}](\*+)(?=${LETTER})`,
    String.raw`[\s](\*+)(?!\*)(?=(?!~)[\p{P}\p{S}])`,
    String.raw`${PUNCTUATION}(\*+)(?!\*)(?=(?!~)[\p{P}\p{S}]|${CJK})`,
    String.raw`${LETTER}(\*+)(?=${LETTER})`,
  ].join("|"),
  "gu",
);
/* `__밑줄__은`: as above. After a Latin letter, as in `__init__은`, an underscore does not close. */
const CLOSING_UNDERSCORE = new RegExp(
  [
    String.raw`^[^_*]*?\*\*[^_*]*?_[^_*]*?(?=\*\*)`,
    "[^_]+(?=[^_])",
    String.raw`(?!_)[\p{P}\p{S}](_+)(?=[\s]|$|(?<!(?:[\p{Ps}\p{Pi}]|${QUOTE})_+)${CJK})`,
    String.raw`[^\s\p{P}\p{S}](_+)(?!_)(?=[\s\p{P}\p{S}]|$|(?<=${CJK}_+)${CJK})`,
    String.raw`(?!${QUOTE}_+${CJK})(?!_)[\s\p{P}\p{S}](_+)(?=[^\s\p{P}\p{S}])`,
    String.raw`[\s](_+)(?!_)(?=[\p{P}\p{S}])`,
    String.raw`(?!_)[\p{P}\p{S}](_+)(?!_)(?=[\p{P}\p{S}])`,
  ].join("|"),
  "gu",
);
const ENDS_IN_CJK = new RegExp(`${CJK}$`, "u");
const SOURCE_LIST = /^ {0,3}\[\d+\]:(?! *<?(?:https?|mailto):)/;
const STRUCK = /^~~(?=[^\s~])((?:[^~]|~(?!~))*[^\s~])~~(?!~)/;
const HOST_THEN_HANGUL = /^(?:https?:\/\/|www\.)[a-z0-9.:-]+(?=\p{Script=Hangul})/iu;
const PARTICLES = [
  "은 는 이 가 을 를 의 에 와 과 로 으로 도 만 에서 에게 부터 까지 처럼 보다 마다 이나 나 랑 이랑",
  "라고 이라고 라는 이라는 입니다 이에요 예요 인데 이고",
]
  .join(" ")
  .replaceAll(" ", "|");
const PATH_THEN_PARTICLE = new RegExp(
  String.raw`^(?:https?://|www\.)[^\s<]*?[\x21-\x3c\x3e-\x7e](?=(?:${PARTICLES})+(?![\p{L}\p{N}/&=#%_-]))`,
  "iu",
);

class KoreanTokenizer extends Tokenizer {
  emStrong(source, masked, before = "") {
    const closing = { emStrongRDelimAst: CLOSING_MARK, emStrongRDelimUnd: CLOSING_UNDERSCORE };
    this.rules.inline = { ...this.rules.inline, ...closing };
    const opens = source[0] === "*" && ENDS_IN_CJK.test(before); // an underscore inside a word does not open
    return super.emStrong(source, masked, opens ? "" : before);
  }

  /** Only two tildes strike out: in Korean, a single one is a range (10~20명, 3~5일). */
  del(source) {
    const match = STRUCK.exec(source);
    if (!match) return undefined;
    const [raw, text] = match;
    return { type: /** @type {const} */ ("del"), raw, text, tokens: this.lexer.inlineTokens(text) };
  }

  /** Only a URL makes a definition of `[1]: …`: a model also lists the sources of its answer like that. */
  def(source) {
    return SOURCE_LIST.test(source) ? undefined : super.def(source);
  }

  /** End a URL before a particle: `https://example.com에서`, `https://example.com/path를`. A path may be Hangul, too. */
  url(source) {
    const match = HOST_THEN_HANGUL.exec(source) ?? PATH_THEN_PARTICLE.exec(source);
    return super.url(match ? match[0] : source);
  }
}

/**
 * Lex a text into block tokens.
 * @param {string} text
 * @param {object} [context]
 * @param {any} [context.links] the link definitions of the text before it
 * @param {boolean} [context.isTop] whether it is not the content of a list item, where a text is no paragraph
 * @param {boolean} [context.isGrowing] whether the text goes on, so that what it has not closed is not shown yet
 */
export function lex(text, { links = {}, isTop = true, isGrowing = false } = {}) {
  const options = { ...getDefaults(), breaks: true, tokenizer: new KoreanTokenizer(), extensions, hooks };
  const lexer = new Lexer(/** @type {any} */ (options));
  Object.assign(lexer.tokens.links, links);
  Object.assign(lexer.state, { top: isTop, growing: isGrowing ? text.trimEnd() : undefined });
  return lexer.lex(text);
}
