import { Link } from "../../components/Link";

export interface Node {
  name: string;
  note: string;
  to?: string;
  me?: boolean;
}

const ROW = 38;

/** What it is made of on the left, what is made of it on the right; every node of a column is joined to the next column's.
 * Lines begin behind the names, whose paper covers them, so that they meet names of any length. */
export function Lineage({ columns }: { columns: Node[][] }) {
  const shown = columns.filter((column) => column.length > 0);
  const height = Math.max(...shown.map((column) => column.length)) * ROW;
  const y = (column: Node[], i: number): number => height / 2 + (i - (column.length - 1) / 2) * ROW;
  const width = 100 / shown.length;
  return (
    <div className="lineage" style={{ height }}>
      <svg viewBox={`0 0 100 ${height}`} preserveAspectRatio="none" aria-hidden="true">
        {shown.slice(0, -1).flatMap((column, c) => column.flatMap((_, i) => (shown[c + 1] ?? []).map((__, j) => {
          const from = width * (c + 1) - 5.5;
          const to = width * (c + 1) - 0.8;
          const [y1, y2] = [y(column, i), y(shown[c + 1] ?? [], j)];
          return <path key={`${c}-${i}-${j}`} d={`M${width * c},${y1} H${from} C${(from + to) / 2},${y1} ${(from + to) / 2},${y2} ${to},${y2}`} />;
        })))}
      </svg>
      {shown.map((column, c) => column.map((node, i) => (
        <span key={`${c}-${node.name}`} className={node.me ? "me" : ""} style={{ left: `${width * c}%`, top: y(column, i), maxWidth: `${width - 6}%` }}>
          {node.to ? <Link href={node.to}>{node.name}</Link> : <b>{node.name}</b>}
          <small>{node.note}</small>
        </span>
      )))}
    </div>
  );
}
