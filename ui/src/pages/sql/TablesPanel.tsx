import { useState } from "react";
import type { Completions } from "../../api/types";
import { Icon } from "../../components/Icon";
import { plural } from "../../lib/words";

type Table = Completions["tables"][number];

/** What there is to ask about: the tables of each source and their columns. Pressed, a name is written where the cursor is. */
export function TablesPanel({ known, onPick }: { known: Completions; onPick: (text: string) => void }) {
  const sources = Map.groupBy(known.tables, (table) => table.name.split(".")[0] ?? "");
  return (
    <aside className="drawer" aria-label="Tables">
      <header><h2>Tables</h2><span className="faint">Press a name to write it</span></header>
      {[...sources].map(([source, tables]) => (
        <section key={source} className="tables-of">
          <h3>{source} <span className="faint">{kindName(tables[0]?.kind ?? "")}</span></h3>
          <ul>{tables.map((table) => <TableRow key={table.name} table={table} onPick={onPick} />)}</ul>
        </section>
      ))}
    </aside>
  );
}

function TableRow({ table, onPick }: { table: Table; onPick: (text: string) => void }) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <div className="table-row">
        <button className="name" title={table.description || undefined} onClick={() => onPick(table.name)}>{table.name}</button>
        <button className="faint" aria-expanded={open} onClick={() => setOpen(!open)}>{plural(table.columns.length, "column")} <Icon name={open ? "down" : "right"} /></button>
      </div>
      {open && (
        <ul>
          {table.columns.map((column) => (
            <li key={column.name} className="table-row"><button onClick={() => onPick(column.name)}>{column.name}</button><span className="faint">{column.type.toLowerCase()}</span></li>
          ))}
        </ul>
      )}
    </li>
  );
}

const KINDS: Record<string, string> = {
  files: "Files", sqlite: "SQLite", duckdb: "DuckDB", postgres: "PostgreSQL", mariadb: "MariaDB", bigquery: "BigQuery", clickhouse: "ClickHouse",
  delta: "Delta", iceberg: "Iceberg", kafka: "Kafka", snowflake: "Snowflake", trino: "Trino", metrics: "Metrics",
};

/** A kind of source as people write it. */
export function kindName(kind: string): string {
  return KINDS[kind] ?? kind;
}
