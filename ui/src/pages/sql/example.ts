/** A first statement that runs and shows what is special here: one statement over tables of several sources. */
import type { Catalog, CatalogTable, Column } from "../../api/types";

const TEXT = /^(varchar|text|string|char)/i;
const KEY = /^(varchar|text|string|char|uuid|date|timestamp)/i;
const MEASURED = /^(double|float|real|decimal|numeric)/i;
// Columns of these names mean something else in every table, so tables are not joined by them.
const COMMON = new Set(["name", "title", "label", "description", "type", "kind", "status", "note", "comment", "year"]);

interface Joined {
  table: CatalogTable;
  keys: string[];
}

export function example({ tables, datasets }: Pick<Catalog, "tables" | "datasets">): string {
  const known = tables.filter((one) => one.columns.length > 0);
  const named = known.find((one) => datasets.some((dataset) => dataset.table === one.path));
  const first = named ?? known.toSorted((a, b) => (b.rows ?? 0) - (a.rows ?? 0))[0];
  if (!first) return "select 1 as one\n";
  const joined = joinable(first, known);
  return joined.length ? joinText(first, joined) : `select ${first.columns.slice(0, 6).map((one) => one.name).join(", ")}\nfrom   ${first.path}\nlimit  100\n`;
}

/** Of each other source the smaller table that shares most keys with `first`, two sources at most. */
function joinable(first: CatalogTable, tables: readonly CatalogTable[]): Joined[] {
  const types = new Map(first.columns.map((one) => [one.name, one.type]));
  const shares = (one: Column): boolean => types.get(one.name) === one.type && KEY.test(one.type) && !COMMON.has(one.name.toLowerCase());
  const found = tables
    .filter((table) => table.source !== first.source && (table.rows ?? 0) < (first.rows ?? Infinity))
    .map((table) => ({ table, keys: table.columns.filter(shares).map((one) => one.name) }))
    .filter((one) => one.keys.length > 0)
    .toSorted((a, b) => b.keys.length - a.keys.length);
  const sources = [...new Set(found.map((one) => one.table.source))].slice(0, 2);
  const best = sources.map((source) => found.find((one) => one.table.source === source)).filter((one) => one !== undefined);
  return best.toSorted((a, b) => (a.table.rows ?? 0) - (b.table.rows ?? 0));
}

function joinText(first: CatalogTable, joined: readonly Joined[]): string {
  const all = [first, ...joined.map((one) => one.table)];
  const aliases = aliasesOf(all);
  const alias = (table: CatalogTable): string => aliases[all.indexOf(table)] ?? table.path;
  const free = joined.flatMap(({ table, keys }) => table.columns.filter((one) => !keys.includes(one.name)).map((one) => ({ one, at: alias(table) })));
  const by = free.find(({ one }) => TEXT.test(one.type));
  const measured = free.find(({ one }) => MEASURED.test(one.type));
  const [only] = joined[0]?.keys ?? [];
  const columns = [
    by ? `${by.at}.${quoted(by.one.name)}` : `${alias(first)}.${quoted(only ?? "")}`,
    `count(*) as ${shortName(first.path)}`,
    ...(measured ? [`round(avg(${measured.at}.${quoted(measured.one.name)}), 1) as avg_${measured.one.name.replaceAll(/\W/g, "_")}`] : []),
  ];
  const joins = joined.map(({ table, keys }) => `left join ${table.path} ${alias(table)} on ${keys.map((key) => `${alias(table)}.${quoted(key)} = ${alias(first)}.${quoted(key)}`).join(" and ")}`);
  return [
    `-- One statement over ${all.length} sources: ${all.map((one) => one.source).join(", ")}.`,
    `select ${columns.join(",\n       ")}`,
    `from   ${first.path} ${alias(first)}`,
    ...joins,
    "group  by 1",
    "order  by 2 desc",
    "limit  100",
    "",
  ].join("\n");
}

function shortName(path: string): string {
  return path.split(".").at(-1)?.replaceAll(/\W/g, "_") ?? "rows";
}

/** A letter or a few for each table, no two the same. */
function aliasesOf(tables: readonly CatalogTable[]): string[] {
  const taken: string[] = [];
  for (const { path } of tables) {
    const name = shortName(path).toLowerCase();
    const length = [1, 2, 3, 4].find((n) => !taken.includes(name.slice(0, n)) && !RESERVED.has(name.slice(0, n)));
    taken.push(length ? name.slice(0, length) : `t${taken.length + 1}`);
  }
  return taken;
}

const RESERVED = new Set(["as", "at", "by", "do", "in", "is", "no", "of", "on", "or", "to", "all", "and", "any", "asc", "end", "for", "not", "set", "case", "cast", "desc", "else", "from", "full", "into", "join", "left", "like", "null", "only", "over", "some", "then", "user", "when", "with"]);

function quoted(name: string): string {
  return /^[a-z_]\w*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
