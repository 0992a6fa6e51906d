// Makes the token ids that the tokenizer tests compare with, by an implementation that is not ours: tiktoken's Rust core as
// WebAssembly (npm tiktoken, encode_ordinary of the encoding "gpt2"), which carries GPT-2's vocabulary itself.
//
//   cd "$(mktemp -d)" && npm install tiktoken@1.0.22
//   node REPOSITORY/eng/make_tokenization_reference.mjs
//
// Writes tests/fixtures/tokenization/reference.json (hard strings with their ids) and tests/fixtures/texts/own.ids.json (the ids
// of own.txt). The package is taken from the current folder, so that none is installed into the repository.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(join(process.cwd(), 'here.js'));
const { get_encoding } = require('tiktoken');
const { version } = JSON.parse(readFileSync(join(process.cwd(), 'node_modules/tiktoken/package.json'), 'utf8'));
const fixtures = join(dirname(fileURLToPath(import.meta.url)), '../tests/fixtures');
const encoding = get_encoding('gpt2');

const hard = [
  // Plain
  '', ' ', 'a', 'The future of AI is', 'Hello World', ' Hello World', 'Hello, World!', 'hello world ', 'HELLO wOrLd',
  'The quick brown fox jumps over the lazy dog.', 'supercalifragilisticexpialidocious', 'antidisestablishmentarianism',
  // Whitespace
  '  ', '   ', '    ', '        ', ' '.repeat(17), ' '.repeat(100), 'a  b', 'a   b', 'a    b', ' a', '  a', 'a ', 'a  ',
  '\t', '\t\t', '\t\t\t\t', 'a\tb', 'a\t\tb', '\ta', ' \ta', '\t a', 'a \t b', '\n', '\n\n', '\n\n\n', 'a\nb', 'a\n\nb', 'a \n b', 'a\n b',
  '\na', ' \n', '\n ', '\r\n', 'a\r\nb', '\r\n\r\n', 'a\r\n\r\n  b', '\r', 'a\rb', '\v\f', 'a\u000bb', 'line one\nline two\r\nline three\rend',
  '\u00a0', 'a\u00a0b', 'a\u00a0\u00a0b', ' \u00a0 x', '\u2003\u2003x', 'a\u2009b', '\u3000\u3000漢', 'a\u2028b\u2029c', '\u0085', 'a\u0085\u0085b',
  '\u1680x', '\u202f12', 'a\u200bb', '\ufeffa', 'a\ufeff b', ' \ufeff', '\u180ea', 'a\u2060b',
  '    def f(x):\n        return x  # two\n\n\n    pass\n', 'if (a)\n{\n\tb ( ) ;\n}\n',
  // Contractions, only in lower case and only with the ASCII apostrophe
  "I'm you're he's we'll they'd I've don't", "I'M YOU'RE HE'S WE'LL THEY'D I'VE DON'T", "I'Ll We'Re", 'I’m you’re he’s', "'s", " 's", "''s", "'s's't're've'm'll'd",
  "'sup", "o'clock", "'tis", "rock'n'roll", "x'd've", "it's's", "'", "''", "' s", "'S", "'ll'LL", "‘quoted’ \"quoted\" 'quoted'", "1's 2'd",
  // Digits and numerals
  '0', '1234567890', '3.14159', '1,000,000', '-42', '1e-10', '0x1F', '2024-01-31T23:59:59Z', ' 7', '  7', '12a34b', 'a1b2', '½¼¾', '²³¹', 'x²', 'ⅣⅫ', '٠١٢٣٤٥٦٧٨٩',
  '१२३४५', '１２３', '①②③', '〇一二三', '5½', 'Ⅷ8', '𝟎𝟏𝟐', 'a𝟎b', '1𝟎', '𐄇𐄈', '௧௨',
  // Punctuation and symbols
  '!', '!!!', '!?!?', '...', '…', '--', '—', ' - ', '(((', '()[]{}', '<>', '</html>', '#hashtag', '@user', '$100', '100%', 'a&b', 'a_b_c', '__init__', '\\n', '\\\\', '/usr/bin/env',
  'https://example.org/a?b=c&d=%20#e', 'user@example.org', 'a*b**c', '~`^|', '«guillemets»', '„low“', '€£¥₹', '±×÷√∞≈≠≤', '∀x∈ℝ: x² ≥ 0', '←↑→↓⇒', '─│┌┐', '█▓▒░', '♠♥♦♣',
  // Latin with diacritics, composed and combining
  'café', 'cafe\u0301', 'naïve façade', 'Ångström', 'A\u030angstro\u0308m', 'Straße', 'ÀÉÎÕÜ', 'ß', 'ﬁ', 'Ǆ', 'ı İ', 'tiếng Việt', 'ti\u00ea\u0301ng Vi\u0323\u0302et', 'Zażółć gęślą jaźń',
  'o\u0308\u0308\u0308', '\u0301', ' \u0301a', 'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢', 'ªº', 'ʰʷ', 'ŉ',
  // Other scripts
  'Привет, мир!', 'ПРИВЕТ', 'Ελληνικά', 'Γειά σου Κόσμε', 'Հայերեն', 'ქართული', 'עברית', 'שָׁלוֹם', 'العربية', 'مَرْحَبًا بِالعَالَم', 'السلام عليكم 123', 'فارسی می‌خواهم', 'हिन्दी', 'नमस्ते दुनिया', 'क्षत्रिय',
  'বাংলা', 'தமிழ்', 'ไทย', 'สวัสดีชาวโลก', 'ລາວ', 'မြန်မာ', 'ភាសាខ្មែរ', 'བོད་ཡིག', 'አማርኛ', '漢字', '你好，世界！', '日本語テスト', 'ひらがな カタカナ', 'ｶﾀｶﾅ', '한국어', '한국어', 'ᄒ\u1161\u11ab', '中文 with English 混合 text',
  '「引用」', '、。', '𠀀𠀁', '漢𠀀字', ' 𠮷野家', 'a𠀀b', '𐌰𐌱𐌲', '𝐀𝐁𝐂', '!𝐀', '𝐀!', '𝕳𝖊𝖑𝖑𝖔 wörld', '𞤀𞤁', '𓀀𓀁', 'ꙮ', "𠮷's 𝟎's 𞴗's", "𠮷'S", '𝟎½', '𞴗7', '𐄇漢',
  // Emoji
  '😀', '😀😀😀', ' 😀', 'a😀b', '👍🏽', '👩‍👩‍👧‍👦', '🏳️‍🌈', '🇩🇪🇫🇷', '❤️', '❤', '1️⃣', '👨🏿‍🚀 to 🌙', '🧑‍🤝‍🧑', '☺️!', '😀𝐀', '𝐀😀', '🀄', '✌🏻✌🏿',
  // Control characters, unassigned, private use, noncharacters
  '\u0000', 'a\u0000b', '\u0000\u0000\u0000', '\u0001\u0002\u0003', '\u001b[31mred\u001b[0m', '\u007f', '\u0080\u009f', 'a\u001c\u001d\u001e\u001fb', ' \u001c ', '\u00ad', 'a\u200db', '\u202eabc', '\u2066x\u2069',
  '\ue000', '\uf8ff', '\ufffd', '\ufffd\ufffd', '\ufffe', '\uffff', '\u{10ffff}', '\u{e0001}', '\u{f0000}',
  // What looks like a special token is ordinary text
  '<|endoftext|>', ' <|endoftext|>', '<|endoftext|><|endoftext|>', 'a<|endoftext|>b', '<|endoftext', '|endoftext|>', '<|ENDOFTEXT|>', '< |endoftext| >', '<|im_start|>', '<s></s>', '[CLS]', '<pad>',
  // Long repeats
  'a'.repeat(50), 'ab'.repeat(64), 'A'.repeat(129), '='.repeat(80), '-'.repeat(33), '.'.repeat(100), '\n'.repeat(20), '\t'.repeat(20), '0'.repeat(64), '漢'.repeat(20), '😀'.repeat(10), 'na '.repeat(30), '\u00a0'.repeat(20), 'ÃÂ'.repeat(16),
  // Bytes that the byte-level alphabet moves
  'Ġ', 'ĠĠ', 'Ċ', 'Ġhello', 'Ā', 'ģ', 'Ń', 'ł', 'ÿ', '¡¢£', '¬®', 'ÃÂÃÂ',
  // Tokens of the vocabulary that few texts reach
  ' SolidGoldMagikarp', 'StreamerBot', ' petertodd', 'rawdownloadcloneembedreportprint', 'ÃÂÃÂÃÂÃÂ', ' 裏覚醒',
  // Code and data
  'for (int i = 0; i < n; ++i) { sum += a[i] * b[i]; }', 'SELECT * FROM t WHERE x = \'y\';', '{"key": [1, 2.5, null, true], "s": "\\u00e9"}', 'var x = `a${b}c`;', '\\begin{align} E &= mc^2 \\end{align}',
  '| a | b |\n|---|---|\n| 1 | 2 |', 'ACGTACGTTAGC', 'deadbeefCAFEBABE', 'aGVsbG8gd29ybGQ=', 'C:\\Windows\\System32', '0b1010_1010', 'x86_64-linux-gnu',
];

// Mixed strings from the fragments that meet badly, by a fixed linear congruential generator.
const fragments = [' ', '  ', '\n', '\t', '\r\n', "'", "'s", "'re", 'a', 'Z', 'the', ' of', '7', '42', '½', '٣', '!', '...', '_', '-', '—', 'é', 'e\u0301', 'ß', 'Ж', '漢', 'क्', 'ع',
  '한', '😀', '👍🏽', '\u200d', '\u00a0', '\u3000', '\u0000', '\u0085', '\ufeff', '\ufffd', '𝐀', '𝟎', '𠀀', '<|endoftext|>', 'Ġ', '‘', '€'];
let state = 12345;
const next = (n) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * n);
};
const mixed = Array.from({ length: 100 }, () => Array.from({ length: 2 + next(14) }, () => fragments[next(fragments.length)]).join(''));

const encode = (text) => Array.from(encoding.encode_ordinary(text));
const cases = [...new Set([...hard, ...mixed])].map((text) => `    ${JSON.stringify({ text, ids: encode(text) })}`);
writeFileSync(join(fixtures, 'tokenization/reference.json'),
  `{\n  "made_with": "npm tiktoken ${version}, encode_ordinary of the encoding gpt2, eng/make_tokenization_reference.mjs",\n  "cases": [\n${cases.join(',\n')}\n  ]\n}\n`);

const ids = encode(readFileSync(join(fixtures, 'texts/own.txt'), 'utf8'));
const lines = [];
for (let i = 0; i < ids.length; i += 20) {
  lines.push(`  ${ids.slice(i, i + 20).join(', ')}`);
}
writeFileSync(join(fixtures, 'texts/own.ids.json'), `[\n${lines.join(',\n')}\n]\n`);
console.log(`${cases.length} cases, ${ids.length} ids of own.txt, npm tiktoken ${version}`);
