// @ts-check
/** A line of Python as words, strings and comments, enough for a calm emphasis. Pure. */

const WORDS =
  "and as break class def elif else except finally for from if import in is lambda not or pass raise return try while with True False None";
const TOKEN = new RegExp(
  [
    /(?<comment>#.*)/,
    /(?<string>\b[fbr]*"""(?:.*?""")?|\b[fbr]*"(?:\\.|[^"\\])*"|"""(?:.*?""")?|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')/,
    new RegExp(`(?<word>\\b(?:${WORDS.split(" ").join("|")})\\b)`),
  ]
    .map(each => each.source)
    .join("|"),
  "g",
);

/**
 * @param {string} line
 * @returns {{kind: "comment"|"string"|"word"|"", text: string}[]}  put together, the line again
 */
export function tokens(line) {
  /** @type {{kind: "comment"|"string"|"word"|"", text: string}[]} */
  const out = [];
  let at = 0;
  for (const found of line.matchAll(TOKEN)) {
    if (found.index > at) out.push({ kind: "", text: line.slice(at, found.index) });
    const groups = found.groups ?? {};
    const kind = groups.comment !== undefined ? "comment" : groups.string !== undefined ? "string" : "word";
    out.push({ kind, text: found[0] });
    at = found.index + found[0].length;
  }
  if (at < line.length) out.push({ kind: "", text: line.slice(at) });
  return out;
}
