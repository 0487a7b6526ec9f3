import { getDefaults, Lexer, Tokenizer } from "../../vendor/marked.js";

/*
 * CommonMark takes `**서버리스(serverless)**는` for no emphasis: between punctuation and a letter, a mark
 * cannot close (commonmark-spec issue 650). Korean writes its particles without a space, so here it can.
 * The rows are those of marked; the number of a row's group tells marked what its mark may do.
 */
const CJK = String.raw`[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]`;
const PUNCTUATION = String.raw`(?!\*)(?!~)[\p{P}\p{S}]`;
const LETTER = String.raw`(?:[^\s\p{P}\p{S}]|~)`;
const QUOTE = `["']`;
const CLOSING_MARK = new RegExp(
  [
    String.raw`^[^_*]*?__[^_*]*?\*[^_*]*?(?=__)`,
    "[^*]+(?=[^*])",
    String.raw`${PUNCTUATION}(\*+)(?=[\s]|$|(?<!(?:[\p{Ps}\p{Pi}]|${QUOTE})\*+)${CJK})`,
    String.raw`${LETTER}(\*+)(?!\*)(?=(?!~)[\s\p{P}\p{S}]|$)`,
    String.raw`(?!${QUOTE}\*+${CJK})(?!\*)(?!~)[\s\p{P}\p{S}](\*+)(?=${LETTER})`,
    String.raw`[\s](\*+)(?!\*)(?=(?!~)[\p{P}\p{S}])`,
    String.raw`${PUNCTUATION}(\*+)(?!\*)(?=(?!~)[\p{P}\p{S}]|${CJK})`,
    String.raw`${LETTER}(\*+)(?=${LETTER})`,
  ].join("|"),
  "gu",
);
const ENDS_IN_CJK = new RegExp(`${CJK}$`, "u");
const STRUCK = /^~~(?=[^\s~])((?:[^~]|~(?!~))*[^\s~])~~(?!~)/;
const HOST_THEN_HANGUL = /^(?:https?:\/\/|www\.)[a-z0-9.:-]+(?=\p{Script=Hangul})/iu;

class KoreanTokenizer extends Tokenizer {
  emStrong(source, masked, before = "") {
    if (source[0] !== "*") return super.emStrong(source, masked, before);
    this.rules.inline = { ...this.rules.inline, emStrongRDelimAst: CLOSING_MARK };
    return super.emStrong(source, masked, ENDS_IN_CJK.test(before) ? "" : before);
  }

  /** Two tildes strike out; a single one is a range in Korean: 10~20명, 3~5일. */
  del(source) {
    const match = STRUCK.exec(source);
    if (!match) return undefined;
    const [raw, text] = match;
    return { type: "del", raw, text, tokens: this.lexer.inlineTokens(text) };
  }

  /** `https://example.com에서` ends before the particle. */
  url(source) {
    const host = HOST_THEN_HANGUL.exec(source);
    return super.url(host ? host[0] : source);
  }
}

/** The top-level tokens of a text. `links` are the reference definitions of the text before it. */
export function lex(text, links) {
  const lexer = new Lexer({ ...getDefaults(), breaks: true, tokenizer: new KoreanTokenizer() });
  Object.assign(lexer.tokens.links, links);
  return lexer.lex(text);
}
