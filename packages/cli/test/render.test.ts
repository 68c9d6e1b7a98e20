import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Field } from 'handfast';
import { dumpMessage } from '../src/render/dump.ts';
import { beside, box, hanging, heading, printable, wrap } from '../src/render/layout.ts';
import { fancyStyle, plainStyle, styleFor } from '../src/render/style.ts';

/** A terminal's escape sequences for colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what they begin with
const COLOURS = /\x1b\[[0-9;]*m/g;

describe('styles', () => {
  test('are fancy on a terminal only, and never with NO_COLOR', () => {
    const terminal = { isTTY: true, columns: 120 };
    assert.equal(styleFor(terminal, {}).width, 80);
    assert.notEqual(styleFor(terminal, {}).paint('good', 'x'), 'x');
    assert.equal(styleFor(terminal, { NO_COLOR: '1' }), plainStyle);
    assert.equal(styleFor(terminal, { TERM: 'dumb' }), plainStyle);
    assert.equal(styleFor({}, {}), plainStyle);
    assert.notEqual(styleFor({}, { FORCE_COLOR: '1' }), plainStyle);
    assert.equal(styleFor({}, { FORCE_COLOR: '1', NO_COLOR: '1' }), plainStyle);
    assert.equal(styleFor({ isTTY: true, columns: 20 }, {}).width, 60);
  });
});

describe('layout', () => {
  test('text of a peer cannot steer the terminal', () => {
    assert.equal(printable('a\x1b[2Jb\r\n\u009b\u202ec'), 'a\\u{1b}[2Jb\\u{0d}\\u{0a}\\u{9b}\\u{202e}c');
    assert.equal(printable('Zürich 東京'), 'Zürich 東京');
  });

  test('wraps by visible width, and breaks words that are too long', () => {
    assert.deepEqual(wrap('one two three', 7), ['one two', 'three']);
    assert.deepEqual(wrap('abcdefgh', 4), ['abcd', 'efgh']);
    assert.deepEqual(hanging('ab: ', 'one two three', 11), ['ab: one two', '    three']);
    assert.deepEqual(beside(['a', 'b'], ['1', '2', '3'], 3, '|'), ['a  |1', 'b  |2', '   |3']);
  });

  test('boxes and headings fill the page exactly', () => {
    for (const style of [plainStyle, fancyStyle(80)]) {
      const lines = [...box(style, ['one', '東京'], 'accent'), heading(style, 'Hello')];
      for (const line of lines) {
        const visible = line.replace(COLOURS, '').replaceAll('東京', 'xxxx');
        assert.equal(visible.length, 80, visible);
      }
    }
  });
});

describe('a dump', () => {
  const bytes = Uint8Array.from({ length: 80 }, (_, i) => i);
  const fields: readonly Field[] = [
    { name: 'version', start: 4, end: 6, text: 'TLSv1.2' },
    {
      name: 'suites',
      start: 6,
      end: 12,
      text: 'a, b',
      fields: [
        { name: '[0]', start: 8, end: 10, text: 'a' },
        { name: '[1]', start: 10, end: 12, text: 'b' },
      ],
    },
    {
      name: 'extensions',
      start: 12,
      end: 30,
      fields: [
        { name: 'first', start: 18, end: 20, text: 'x\x1b[31m' },
        { name: 'second', start: 24, end: 30, text: 'y' },
      ],
    },
    { name: 'long', start: 31, end: 78, text: '...' },
  ];

  /** The hexadecimal column of each line, whatever stands beside it. */
  const shown = (lines: readonly string[]): string =>
    lines
      .map((line) => /^ {2}[0-9a-f]{4} {2}((?:[0-9a-f]{2} ?)+)(?: |$)/.exec(line)?.[1] ?? '')
      .join(' ')
      .replace(/\s+/g, '');

  test('shows every byte once, in order, with and without fields', () => {
    const hex = Buffer.from(bytes).toString('hex');
    assert.equal(shown(dumpMessage(plainStyle, bytes, fields)), hex);
    assert.equal(shown(dumpMessage(plainStyle, bytes, [])), hex);
    assert.equal(shown(dumpMessage(plainStyle, bytes.subarray(0, 4), [])), hex.slice(0, 8));
  });

  test('stays within 80 columns and escapes what a peer wrote', () => {
    const lines = dumpMessage(plainStyle, bytes, fields);
    for (const line of lines) assert.ok(line.length <= 80, line);
    const text = lines.join('\n');
    assert.match(text, /version {2}TLSv1\.2/);
    assert.match(text, /x\\u\{1b\}\[31m/);
    assert.ok(!text.includes('\x1b'));
  });
});
