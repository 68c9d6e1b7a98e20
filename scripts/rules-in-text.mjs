// Finds the sentences that say MUST, SHALL or REQUIRED in the text of an RFC: in the Markdown source, or in the plain text.

const KEYWORD = /\b(?:MUST NOT|MUST|SHALL NOT|SHALL|REQUIRED)\b/g;
/** How many words of its sentence a rule is listed with, before the keyword and behind it. */
export const WORDS_BEFORE = 7;
const WORDS_AFTER = 8;

/** Numbers headings as the published RFC does: sections before `--- back`, appendices behind it. */
function* markdownParagraphs(text) {
  const [, , main = '', back = ''] = text.split(/^--- (?:abstract|middle|back)$/m);
  for (const [part, first] of [
    [main, (n) => `${n}`],
    [back, (n) => String.fromCharCode(64 + n)],
  ]) {
    const counts = [];
    let section = '';
    for (const paragraph of part.split(/\n\s*\n|\n(?=#)|(?<=^#.*)\n|\n(?=[-*] )/m)) {
      const heading = /^(#+) *\S/.exec(paragraph);
      if (!heading) {
        yield { section, paragraph };
        continue;
      }
      const depth = heading[1].length;
      counts.length = Math.min(counts.length, depth);
      while (counts.length < depth) counts.push(0);
      counts[depth - 1]++;
      section = counts.map((n, i) => (i === 0 ? first(n) : n)).join('.');
    }
  }
}

function* plainParagraphs(text) {
  const pages = text.replace(/\n+[^\n]*\[Page \d+\]\n\f?\n?RFC \d+[^\n]*\n+/g, '\n');
  let section = '';
  for (const paragraph of pages.split(/\n\s*\n|\n(?=(?:Appendix )?[A-Z\d][\d.]*\. )/)) {
    const heading = /^(?:Appendix ([A-Z])\.|((?:[A-Z]|\d+)(?:\.\d+)*)\. ) *\S/.exec(
      paragraph.replace(/^\n+/, ''),
    );
    if (heading) section = heading[1] ?? heading[2];
    else yield { section, paragraph };
  }
}

const clean = (paragraph) =>
  paragraph
    .replace(/\{:[^}]*\}/g, '')
    .replace(/<sup>(\d+)<\/sup>/g, '^$1')
    .replace(/\{\{\??!?([^}]*)\}\}/g, '$1')
    .replace(/[`*"\\]/g, '')
    .replace(/^\s*[-o:]\s+/, '')
    .replace(/-\n\s*/g, '-')
    .replace(/\s+/g, ' ')
    .trim();

/** Every rule: its section and the words around the keyword, within its sentence. */
export function rulesInText(text, isMarkdown) {
  const rules = [];
  for (const { section, paragraph } of (isMarkdown ? markdownParagraphs : plainParagraphs)(text)) {
    for (const sentence of clean(paragraph).split(/(?<=[.:;]\)?) (?=[A-Z("])/)) {
      for (const { index, 0: keyword } of sentence.matchAll(KEYWORD)) {
        const before = sentence.slice(0, index).split(' ').filter(Boolean).slice(-WORDS_BEFORE);
        const after = sentence
          .slice(index + keyword.length)
          .trim()
          .split(' ')
          .slice(0, WORDS_AFTER);
        rules.push({ section, words: [...before, keyword, ...after].join(' ').replace(/[\s,.;:]+$/, '') });
      }
    }
  }
  return rules;
}
