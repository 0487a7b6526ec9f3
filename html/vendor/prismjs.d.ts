type Token = { type: string; content: string | Token | (string | Token)[]; alias?: string | string[]; length: number };
declare const Prism: {
  languages: Record<string, object>;
  tokenize: (text: string, grammar: object) => (string | Token)[];
};
export default Prism;
