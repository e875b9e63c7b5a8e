// Runs @xterm/headless, the terminal of VS Code without its screen, so that
// package vt can be compared with it.
//
// A line of standard input is a JSON array of steps, a line of standard output
// the JSON array of what its checks saw, or {"error": "..."} where xterm.js threw. The terminal lives on until the next
// "new", so that a recorder can hold a conversation.
//
//	{"new": {"cols": 80, "rows": 24}}   a fresh terminal; "unicode": "6" for the
//	                                    widths of xterm.js without its addon
//	{"write": "<base64>"}               output of the program
//	{"resize": [120, 40]}
//	{"check": {"scrollback": true}}     what is to be seen; also the lines above
//	{"answer": true}                    a check of nothing but the replies
//
// What the public interface does not tell is read from the inside of version
// 6.0.0: the colour and shape of underlines, links, the cursor.
'use strict';

const readline = require('readline');

// The addon takes the memory that its table lies in for the table itself, which
// is wrong for a small Buffer out of node's common pool: without this all
// characters beyond the basic plane are one column wide.
Buffer.poolSize = 0;

const { Terminal } = require('@xterm/headless');
const { UnicodeGraphemesAddon } = require('@xterm/addon-unicode-graphemes');

const UNDERLINE = 0x10000000; // in fg: an underline was asked for, and is not that of a link
const HAS_EXTENDED = 0x10000000; // in bg: the cell has extended attributes
const COLOR = 0x3ffffff; // in extended: mode and value of the underline's colour
const RGB_MODE = 3;

let term, replies, titles, bells;

function fresh({ cols, rows, scrollback = 2000, unicode = '15-graphemes' }) {
  if (term) term.dispose();
  // reflowCursorLine: the paragraph that the cursor is in is wrapped anew like
  // all others when the width changes.
  term = new Terminal({
    cols, rows, scrollback, allowProposedApi: true, logLevel: 'off', reflowCursorLine: true,
    windowOptions: { getWinSizeChars: true, pushTitle: true, popTitle: true },
  });
  if (unicode !== '6') {
    term.loadAddon(new UnicodeGraphemesAddon());
    term.unicode.activeVersion = unicode;
  }
  [replies, titles, bells] = ['', [], 0];
  term.onData((data) => { replies += data; });
  term.onBinary((data) => { replies += data; });
  term.onTitleChange((title) => { titles.push(title); });
  term.onBell(() => { bells++; });
}

function color(mode, value) {
  return mode === RGB_MODE ? '#' + value.toString(16).padStart(6, '0') : String(value);
}

function style(cell) {
  const words = [];
  const attributes = [
    ['bold', cell.isBold()], ['faint', cell.isDim()], ['italic', cell.isItalic()],
    ['blink', cell.isBlink()], ['inverse', cell.isInverse()], ['invisible', cell.isInvisible()],
    ['strike', cell.isStrikethrough()], ['overline', cell.isOverline()], ['protected', cell.isProtected()],
  ];
  for (const [name, on] of attributes) if (on) words.push(name);
  if (!cell.isFgDefault()) words.push('fg=' + color(cell.isFgRGB() ? RGB_MODE : 0, cell.getFgColor()));
  if (!cell.isBgDefault()) words.push('bg=' + color(cell.isBgRGB() ? RGB_MODE : 0, cell.getBgColor()));
  const extended = cell.bg & HAS_EXTENDED ? cell.extended : undefined;
  if (cell.fg & UNDERLINE) {
    // The shape that was asked for, not that of a link; no shape at all is a
    // plain underline.
    words.push('ul=' + ((extended && (extended._ext >> 26) & 7) || 1));
    // SGR 59 leaves all bits set, which white would be as well.
    const ul = extended ? extended._ext & COLOR : COLOR;
    const mode = (ul >> 24) & 3;
    if (ul !== COLOR && mode !== 0) words.push('ulc=' + color(mode, ul & (mode === RGB_MODE ? 0xffffff : 0xff)));
  }
  if (extended && extended.urlId) {
    const link = term._core._oscLinkService.getLinkData(extended.urlId);
    if (link) words.push('link=' + link.uri);
  }
  return words.join(' ');
}

// A line as the text of its cells, each ended by a newline, a digit for the width
// of each, and its styles: a number of cells, a colon, the words, a newline.
function showLine(buffer, y) {
  const line = buffer.getLine(y);
  const next = buffer.getLine(y + 1);
  const out = { wrapped: next ? next.isWrapped : false, text: '', width: '', style: '' };
  const cell = buffer.getNullCell();
  let last, run = 0;
  for (let x = 0; x < line.length && x < term.cols; x++) {
    line.getCell(x, cell);
    out.text += cell.getChars() + '\n';
    out.width += cell.getWidth();
    const s = style(cell);
    if (s !== last && run > 0) {
      out.style += run + ':' + last + '\n';
      run = 0;
    }
    last = s;
    run++;
  }
  if (run > 0) out.style += run + ':' + last + '\n';
  return out;
}

function check({ scrollback = false }) {
  const { active, normal } = term.buffer;
  const core = term._core;
  const lines = [], above = [];
  for (let y = 0; y < term.rows; y++) lines.push(showLine(active, active.baseY + y));
  if (scrollback) for (let y = 0; y < normal.baseY; y++) above.push(showLine(normal, y));
  const m = term.modes;
  const seen = {
    cols: term.cols,
    rows: term.rows,
    // On the right of the last column while the next character is to wrap.
    x: active.cursorX,
    y: active.cursorY,
    lines,
    scrollback: above,
    above: normal.baseY,
    modes: {
      alternate: active.type === 'alternate',
      visible: !core.coreService.isCursorHidden,
      appCursor: m.applicationCursorKeysMode,
      appKeypad: m.applicationKeypadMode,
      paste: m.bracketedPasteMode,
      insert: m.insertMode,
      mouse: m.mouseTrackingMode,
      mouseEncoding: core.coreMouseService.activeEncoding,
      origin: m.originMode,
      reverseWrap: m.reverseWraparoundMode,
      focus: m.sendFocusMode,
      sync: m.synchronizedOutputMode,
      autowrap: m.wraparoundMode,
      shape: core.coreService.decPrivateModes.cursorStyle || 'block',
    },
    replies: takeReplies(),
    titles,
    bells,
  };
  [titles, bells] = [[], 0];
  return seen;
}

function step(s) {
  if (s.new) fresh(s.new);
  // Not write: what it throws comes from a timer and can be caught by nobody.
  if (s.write !== undefined) term._core.writeSync(Buffer.from(s.write, 'base64'));
  if (s.resize) term.resize(...s.resize);
  if (s.answer) return { replies: takeReplies() };
  return s.check ? check(s.check) : undefined;
}

function takeReplies() {
  const taken = Buffer.from(replies, 'latin1').toString('base64');
  replies = '';
  return taken;
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    let seen = [];
    try {
      for (const s of JSON.parse(line)) {
        const c = step(s);
        if (c) seen.push(c);
      }
    } catch (err) {
      seen = { error: String(err.stack).split('\n').slice(0, 4).join(' ') };
    }
    process.stdout.write(JSON.stringify(seen) + '\n');
  }
}

main().catch((err) => {
  console.error(err);
  process.exit(1);
});
