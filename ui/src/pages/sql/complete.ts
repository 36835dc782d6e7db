/** What may be written at the cursor: tables and columns by the dots before it, columns of the statement's tables, functions, words. */
import { completeFromList, ifNotIn, type Completion, type CompletionContext, type CompletionResult, type CompletionSource } from "@codemirror/autocomplete";
import { PostgreSQL, schemaCompletionSource, type SQLNamespace } from "@codemirror/lang-sql";
import { LanguageSupport, syntaxTree } from "@codemirror/language";
import type { Completions } from "../../api/types";

type Table = Completions["tables"][number];

/** The words of a question. The language's own list has some 800, most of which no statement here may hold. */
const WORDS = (
  "all and any as asc at between by case cast cross cube current_date current_timestamp desc distinct else end except exists explain analyze " +
  "false filter first following for from full group grouping having ilike in inner intersect interval is join last lateral left like limit " +
  "natural not null nulls offset on or order outer over partition preceding qualify range right rollup rows select sets similar to true " +
  "unbounded union unnest using values when where window with within zone"
).split(" ");

const NOWHERE = ["QuotedIdentifier", "String", "LineComment", "BlockComment"];

function columnOf({ name, type }: Table["columns"][number]): Completion {
  const plain = /^[a-z_][a-z0-9_]*$/.test(name);
  return { label: name, detail: type.toLowerCase(), ...(plain ? {} : { apply: `"${name.replaceAll('"', '""')}"` }) };
}

/** Tables and their columns, nested by the dots of their names. */
function namespace(known: Completions): SQLNamespace {
  const root: Record<string, SQLNamespace> = {};
  for (const table of known.tables) {
    const path = table.name.split(".");
    let level = root;
    for (const part of path.slice(0, -1)) level = (level[part] ??= {}) as Record<string, SQLNamespace>;
    level[path.at(-1) ?? table.name] = table.columns.map(columnOf);
  }
  return root;
}

/** Whether the word at the cursor follows a dot: then only what lies inside that name is meant. */
function isInside(context: CompletionContext): boolean {
  return context.matchBefore(/\.\s*"?\w*$/) !== null;
}

function written(context: CompletionContext): string {
  let node = syntaxTree(context.state).resolveInner(context.pos, -1);
  while (node.parent && node.name !== "Statement") node = node.parent;
  return context.state.sliceDoc(node.from, node.to).toLowerCase();
}

/** Columns of the tables that the statement names, each once. */
function columns(known: Completions): CompletionSource {
  return (context): CompletionResult | null => {
    const word = context.matchBefore(/\w+$/);
    if (isInside(context) || (!word && !context.explicit)) return null;
    const text = written(context);
    const options = new Map<string, Completion>();
    for (const table of known.tables) {
      if (!text.includes(table.name.toLowerCase())) continue;
      for (const column of table.columns) options.set(column.name, { ...columnOf(column), boost: 2 });
    }
    return { from: word?.from ?? context.pos, options: [...options.values()], validFor: /^\w*$/ };
  };
}

function words(known: Completions | undefined): CompletionSource {
  const functions = (known?.functions ?? []).map((label): Completion => ({ label, detail: "function", boost: -1 }));
  const taken = new Set(known?.functions);
  const listed = completeFromList([...functions, ...WORDS.filter((label) => !taken.has(label)).map((label) => ({ label }))]);
  return (context) => (isInside(context) ? null : listed(context));
}

/** The language, with what is known of the project. */
export function language(known: Completions | undefined): LanguageSupport {
  const sources = known ? [schemaCompletionSource({ dialect: PostgreSQL, schema: namespace(known) }), ifNotIn(NOWHERE, columns(known))] : [];
  const all = [...sources, ifNotIn(NOWHERE, words(known))];
  return new LanguageSupport(PostgreSQL.language, all.map((autocomplete) => PostgreSQL.language.data.of({ autocomplete })));
}
