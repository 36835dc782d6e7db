import type { Completions } from "../../api/types";

/** A first statement that runs: the first rows of the first table. */
export function example(known: Completions): string {
  const table = known.tables.find((one) => one.columns.length > 0);
  if (!table) return "select 1 as one\n";
  const columns = table.columns.slice(0, 6).map((column) => column.name).join(", ");
  return `select ${columns}\nfrom   ${table.name}\nlimit  100\n`;
}
