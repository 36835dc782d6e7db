/** Puts each clause of a statement on its own line. Only white space changes: texts, names and comments stay as written. */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\s+|[A-Za-z_]\w*|[^\sA-Za-z_'"]/g;
const CLAUSE = new Set(["select", "from", "where", "group", "having", "order", "limit", "qualify", "window", "union", "intersect", "except", "with"]);
const JOINS = new Set(["left", "right", "full", "inner", "cross", "join", "semi", "anti"]);

export function formatSql(text: string): string {
  const tokens = (text.match(TOKEN) ?? []).filter((token) => token.trim());
  let out = "";
  let depth = 0;
  let before = "";
  const line = (extra = 0): void => { out = `${out.trimEnd()}\n${"  ".repeat(Math.max(0, depth + extra))}`; };
  for (const token of tokens) {
    const word = token.toLowerCase();
    if (token === ")") depth -= 1;
    const starts = CLAUSE.has(word) && before !== "within" && !(word === "from" && before === "distinct") && !(depth > 0 && word === "order" && before !== ")" && !out.slice(out.lastIndexOf("(")).includes("select"));
    const inFunction = depth > 0 && !/\(\s*(select|with)\b/i.test(out.slice(lastOpen(out)));
    if (out && ((starts && !inFunction) || (JOINS.has(word) && !JOINS.has(before) && before !== "(" && !inFunction))) line();
    else if (out && !/[\s(.]$/.test(out) && !/^[,.);:]$/.test(token) && !(token === "(" && /[A-Za-z_]\w*$/.test(out) && isCall(before)) && !(token === ":" || before === ":")) out += joins(before, token) ? "" : " ";
    out += token;
    if (token.startsWith("--")) line();
    if (token === "," && depth === 0) line(1);
    if (token === "(") depth += 1;
    before = word;
  }
  return `${out.trim()}\n`;
}

function lastOpen(text: string): number {
  let depth = 0;
  for (let i = text.length - 1; i >= 0; i--) {
    if (text[i] === ")") depth += 1;
    else if (text[i] === "(" && depth-- === 0) return i;
  }
  return 0;
}

/** A name directly before a bracket is a call, unless it is a word of the language. */
function isCall(word: string): boolean {
  return !/^(in|and|or|not|using|on|as|from|join|where|over|filter|select|by|exists|values|when|then|else|case|having|any|all|with|union)$/.test(word);
}

/** Characters of one operator stay together. */
function joins(before: string, token: string): boolean {
  return /^[<>=!|:]$/.test(before) && /^[=>|:<]$/.test(token) || /^\d$/.test(before) && /^[\d.]$/.test(token) || before === "." ;
}
