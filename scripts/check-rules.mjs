// Which rules of RFC 9846 and RFC 5246 are cited beside the code or the test that fulfils them: `npm run rules`, or
// `node scripts/check-rules.mjs [ROOT] [--write]`. Fails for citations of no rule, for rules that are neither cited nor in
// test/rules/uncovered.txt, and where that list, test/rules or docs/rfc-coverage.md are not current.
// `--write` writes docs/rfc-coverage.md, and takes what has become covered off test/rules/uncovered.txt, which only shrinks.
// The lists are compared with the texts of the RFCs where those are (HANDFAST_SPECS, else ../shared/specs).
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { rulesInText, WORDS_BEFORE } from './rules-in-text.mjs';

const WRITE = process.argv.includes('--write');
const ROOT = resolve(
  process.argv.slice(2).find((argument) => argument !== '--write') ?? join(import.meta.dirname, '..'),
);
const SPECS = resolve(ROOT, process.env.HANDFAST_SPECS ?? '../shared/specs');
const DOCUMENTS = [
  { rfc: '9846', text: 'rfc9846.md' },
  { rfc: '5246', text: 'rfc5246.txt' },
];
const BASELINE = join(ROOT, 'test/rules/uncovered.txt');
const PAGE = join(ROOT, 'docs/rfc-coverage.md');
const PLACES = ['packages', 'test', 'apps'];
const SKIPPED_FOLDERS = new Set(['node_modules', 'dist']);
/** How many words in a row a citation shares with the rule that it means. */
const SHARED_WORDS = 4;
const CITATION = /RFC (9846|5246) (?:section|appendix) ([A-Z\d]+(?:\.\d+)*)((?:(?:,| and)? ?"[^"]+")+)/g;

const wordsOf = (text) =>
  text
    .split(/\s+/)
    .map((word) => word.replace(/^\W+|\W+$/g, ''))
    .filter(Boolean);
const nameOf = ({ rfc, section, words }) =>
  `RFC ${rfc} ${/^\d/.test(section) ? 'section' : 'appendix'} ${section} "${words}"`;
const isKeyword = (word) => /^(?:MUST|SHALL|REQUIRED)$/.test(word);

/** `section | client, server, endpoint or none | words | why none`. */
function readRules({ rfc }) {
  return readFileSync(join(ROOT, `test/rules/rfc${rfc}.txt`), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [section = '', binds = '', words = '', reason = ''] = line.split(' | ');
      if (
        !/^(?:client|server|endpoint|none)$/.test(binds) ||
        words === '' ||
        (binds === 'none') === (reason === '')
      )
        throw new Error(
          `test/rules/rfc${rfc}.txt: expected "section | binds | words", with "| why" for none: ${line}`,
        );
      return { rfc, section, binds, words, reason, tokens: wordsOf(words), citations: [] };
    });
}

function* sourceFiles(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!SKIPPED_FOLDERS.has(entry.name)) yield* sourceFiles(path);
    } else if (entry.name.endsWith('.ts')) yield path;
  }
}

/** Citations in comments and strings: `RFC 9846 section 4.3.8 "few words", "of another rule"`; a comment may go on in the next line. */
function* citationsIn(path) {
  const text = readFileSync(path, 'utf8')
    .replaceAll("\\'", "'")
    // A comment goes on in the next line; the line's end is kept as a carriage return, so that lines can be counted.
    .replace(/\n[ \t]*(?:\/\/|\*(?!\/))[ \t]?/g, (gap) => ` ${'\r'.repeat(gap.split('\n').length - 1)}`);
  const lineAt = (index) => text.slice(0, index).split(/[\n\r]/).length;
  const at = relative(ROOT, path).split(sep).join('/');
  for (const match of text.matchAll(CITATION)) {
    const [, rfc, section, quotes] = match;
    for (const [, quote] of quotes.matchAll(/"([^"]+)"/g))
      yield { rfc, section, quote: quote.replace(/\s+/g, ' ').trim(), at, line: lineAt(match.index) };
  }
}

/** The longest run of words that a quotation shares with a rule; with the rule's keyword in it, where the quotation has one. */
function sharedRun(quoted, rule, withKeyword) {
  let best = 0;
  for (let i = 0; i < quoted.length; i++)
    for (let j = 0; j < rule.tokens.length; j++) {
      let length = 0;
      while (quoted[i + length] !== undefined && quoted[i + length] === rule.tokens[j + length]) length++;
      const holdsKeyword = j <= rule.keywordAt && rule.keywordAt < j + length;
      if (length > best && (!withKeyword || holdsKeyword)) best = length;
    }
  return best;
}

/** The rules that a citation means; a sentence when it means none, or when several could be meant. */
function rulesMeant(citation, rules) {
  const quoted = wordsOf(citation.quote);
  const keywords = quoted.filter(isKeyword).length;
  const least = Math.min(SHARED_WORDS, quoted.length);
  const candidates = rules
    .filter(({ rfc, section }) => rfc === citation.rfc && section === citation.section)
    .map((rule) => ({ rule, run: sharedRun(quoted, rule, keywords > 0) }))
    .filter(({ run }) => run >= least)
    .sort((a, b) => b.run - a.run);
  // Words without MUST may stand in any sentence, so they need not be those of a rule.
  if (candidates.length === 0) return keywords === 0 ? [] : 'no rule of that section says so';
  const wanted = Math.max(keywords, 1);
  const last = candidates[Math.min(wanted, candidates.length) - 1].run;
  const meant = candidates.filter(({ run }) => run >= last);
  if (new Set(meant.map(({ rule }) => rule.words)).size > wanted)
    return keywords === 0
      ? []
      : `may mean several; quote more words: ${meant.map(({ rule }) => `"${rule.words}"`).join('; ')}`;
  return meant.map(({ rule }) => rule);
}

const problems = [];
const rules = DOCUMENTS.flatMap(readRules);
for (const rule of rules) {
  // At most seven words stand before the keyword that a rule is about, so among several it is the last that can be it.
  const keywordsAt = rule.tokens.flatMap((word, index) =>
    isKeyword(word) && index <= WORDS_BEFORE ? [index] : [],
  );
  rule.keywordAt = keywordsAt.at(-1) ?? 0;
}

// The texts, where they are.
for (const document of DOCUMENTS) {
  const path = join(SPECS, document.text);
  if (!existsSync(path)) {
    console.log(`RFC ${document.rfc}: comparison with its text skipped: specs not found (HANDFAST_SPECS)`);
    continue;
  }
  const key = ({ section, words }) => `${section} | ${words}`;
  const listed = rules.filter(({ rfc }) => rfc === document.rfc).map(key);
  const found = rulesInText(readFileSync(path, 'utf8'), path.endsWith('.md')).map(key);
  for (const rule of new Set(found))
    if (!listed.includes(rule)) problems.push(`RFC ${document.rfc}: not in the list: ${rule}`);
  for (const rule of listed)
    if (!found.includes(rule)) problems.push(`RFC ${document.rfc}: not in its text: ${rule}`);
}

// Citations.
let citations = 0;
for (const place of PLACES)
  for (const path of sourceFiles(join(ROOT, place)))
    for (const citation of citationsIn(path)) {
      const meant = rulesMeant(citation, rules);
      if (typeof meant === 'string') {
        problems.push(
          `${citation.at}:${citation.line}: ${nameOf({ ...citation, words: citation.quote })}: ${meant}`,
        );
        continue;
      }
      if (meant.length > 0) citations++;
      for (const rule of meant) rule.citations.push(citation);
    }

// The baseline.
const isOpen = ({ binds, citations: cited }) => binds !== 'none' && cited.length === 0;
if (WRITE && existsSync(BASELINE)) {
  const open = new Set(rules.filter(isOpen).map(nameOf));
  const kept = readFileSync(BASELINE, 'utf8')
    .split('\n')
    .filter((line) => line === '' || line.startsWith('#') || open.has(line));
  writeFileSync(BASELINE, kept.join('\n'));
}
const baseline = new Set(
  readFileSync(BASELINE, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#')),
);
const names = new Map(rules.map((rule) => [nameOf(rule), rule]));
for (const name of baseline) {
  const rule = names.get(name);
  if (!rule) problems.push(`test/rules/uncovered.txt: no such rule: ${name}`);
  else if (!isOpen(rule))
    problems.push(`test/rules/uncovered.txt: covered now, take it off (npm run rules -- --write): ${name}`);
}
for (const rule of rules)
  if (isOpen(rule) && !baseline.has(nameOf(rule)))
    problems.push(`neither cited nor in test/rules/uncovered.txt: ${nameOf(rule)}`);

// The page.
const countsOf = (of) => [
  of.filter(({ citations: cited }) => cited.length > 0).length,
  of.filter(isOpen).length,
  of.filter(({ binds, citations: cited }) => binds === 'none' && cited.length === 0).length,
];
const page = [
  '# RFC coverage',
  '',
  'Every MUST, MUST NOT, SHALL and REQUIRED of TLS 1.3 (RFC 9846) and TLS 1.2 (RFC 5246), and where code or tests cite it.',
  'A citation says where a rule is kept or tested; it is no proof that it is. `npm run rules -- --write` writes this page.',
];
for (const { rfc } of DOCUMENTS) {
  const own = rules.filter((rule) => rule.rfc === rfc);
  const sections = [...new Set(own.map(({ section }) => section))];
  page.push(
    '',
    `## RFC ${rfc}`,
    '',
    '| Section | Cited | Not cited | Binds no endpoint here | Where |',
    '| --- | --: | --: | --: | --- |',
  );
  for (const section of sections) {
    const of = own.filter((rule) => rule.section === section);
    const files = [...new Set(of.flatMap(({ citations: cited }) => cited.map(({ at }) => at)))].sort();
    const links = files.map((at) => `[${at.replace(/^packages\/handfast\//, '')}](../${at})`);
    page.push(`| ${section} | ${countsOf(of).join(' | ')} | ${links.join(', ')} |`);
  }
  page.push(`| all | ${countsOf(own).join(' | ')} | |`);
  page.push(
    '',
    'Not cited:',
    '',
    ...own.filter(isOpen).map(({ section, words }) => `- ${section}: ${words}`),
  );
  page.push('', 'Rules that bind no endpoint here:', '');
  page.push(
    ...own
      .filter(({ binds }) => binds === 'none')
      .map(({ section, words, reason }) => `- ${section}: ${words} (${reason})`),
  );
}
const written = `${page.join('\n').replaceAll('<', '\\<')}\n`;
if (WRITE) writeFileSync(PAGE, written);
else if (!existsSync(PAGE) || readFileSync(PAGE, 'utf8') !== written)
  problems.push('docs/rfc-coverage.md is not current: npm run rules -- --write');

for (const { rfc } of DOCUMENTS) {
  const [covered, open, none] = countsOf(rules.filter((rule) => rule.rfc === rfc));
  console.log(`RFC ${rfc}: ${covered} cited, ${open} not cited, ${none} bind no endpoint here`);
}
console.log(`${citations} citations`);
for (const problem of problems) console.log(problem);
if (citations === 0) problems.push('no citation was found at all');
const passed = rules.length - rules.filter((rule) => isOpen(rule) && !baseline.has(nameOf(rule))).length;
console.log(`${passed} passed, ${problems.length} failed`);
if (process.env.HANDFAST_TALLY)
  appendFileSync(process.env.HANDFAST_TALLY, `rules ${passed} ${problems.length} 0\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
