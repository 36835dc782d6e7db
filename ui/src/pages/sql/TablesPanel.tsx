import type { Completions } from "../../api/types";
import { plural } from "../../lib/words";

/** What there is to ask about: the tables of each source and their columns. Pressed, a name is written where the cursor is. */
export function TablesPanel({ known, onPick }: { known: Completions; onPick: (text: string) => void }) {
  const sources = Map.groupBy(known.tables, (table) => table.name.split(".")[0] ?? "");
  return (
    <aside className="drawer" aria-label="Tables">
      <header><h2>Tables</h2><span className="faint">{plural(known.tables.length, "table")} in {plural(sources.size, "place")}</span></header>
      {[...sources].map(([source, tables]) => (
        <section key={source} className="tables-of">
          <h3>{source} <span className="faint">{kindName(tables[0]?.kind ?? "")}</span></h3>
          {tables.map((table) => (
            <details key={table.name}>
              <summary><button onClick={(event) => { event.preventDefault(); onPick(table.name); }} title="Write this name into the statement">{table.name}</button><span className="faint">{plural(table.columns.length, "column")}</span></summary>
              <ul>
                {table.columns.map((column) => (
                  <li key={column.name}><button onClick={() => onPick(column.name)}>{column.name}</button><span className="faint">{column.type.toLowerCase()}</span></li>
                ))}
              </ul>
            </details>
          ))}
        </section>
      ))}
    </aside>
  );
}

const KINDS: Record<string, string> = { files: "Files", sqlite: "SQLite", duckdb: "DuckDB", postgres: "PostgreSQL", mysql: "MariaDB", metrics: "Metrics" };

/** A kind of source as people write it. */
export function kindName(kind: string): string {
  return KINDS[kind] ?? kind;
}
