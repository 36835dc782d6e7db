import { useSample } from "../../api/hooks";
import type { Catalog, CatalogTable } from "../../api/types";
import { Link } from "../../components/Link";
import { Trouble, Waiting } from "../../components/Trouble";
import { bytes, count } from "../../lib/numbers";
import { href } from "../../lib/url";
import { Pairs } from "./Pairs";

export function TableDetail({ table, catalog }: { table: CatalogTable; catalog: Catalog }) {
  const used = catalog.datasets.filter((one) => one.table === table.path);
  return (
    <>
      <p className="sub">{table.description}</p>
      <Pairs pairs={[
        ["Source", <Link key="s" href={href("/catalog", { kind: "sources", name: table.source })}>{table.source}</Link>],
        ["Rows", table.rows === null ? "" : count(table.rows)],
        ["Size", table.bytes === null ? "" : bytes(table.bytes)],
        ["Used by", used.length ? used.map((one) => <Link key={one.name} href={href("/catalog", { kind: "datasets", name: one.name })}>{one.name}</Link>) : ""],
      ]} />
      <h3>Columns <span className="faint">{table.columns.length}</span></h3>
      <dl className="pairs columns-list">{table.columns.map((column) => <ColumnPair key={column.name} name={column.name} type={column.type} />)}</dl>
      <h3>Sample</h3>
      <Sample path={table.path} />
    </>
  );
}

function ColumnPair({ name, type }: { name: string; type: string }) {
  return <><dt>{name}</dt><dd className="faint">{type.toLowerCase()}</dd></>;
}

function Sample({ path }: { path: string }) {
  const sample = useSample(path);
  if (sample.isError) return <Trouble error={sample.error} onRetry={() => void sample.refetch()} />;
  if (!sample.data) return <Waiting height={160} />;
  const { columns, rows } = sample.data;
  return (
    <div className="sample" tabIndex={0} role="region" aria-label={`Sample of ${path}`}>
      <table className="grid">
        <thead><tr>{columns.map((column, i) => <th key={i}>{column.name}</th>)}</tr></thead>
        <tbody>{rows.map((row, i) => <tr key={i}>{row.map((value, c) => <td key={c} className={value === null ? "faint" : typeof value === "number" ? "num" : ""}>{value === null ? "null" : String(value)}</td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}
