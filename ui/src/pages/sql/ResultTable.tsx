import { useEffect, useRef, useState } from "react";
import type { Column } from "../../api/types";
import { isNumber } from "./chartable";

const ROW = 24;
const EXTRA = 12;

/** Only the rows in sight are in the page; a million of them scroll as easily as ten. */
export function ResultTable({ columns, rows }: { columns: readonly Column[]; rows: readonly unknown[][] }) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  useEffect(() => {
    const host = box.current;
    if (!host) return;
    const read = (): void => setView({ top: host.scrollTop, height: host.clientHeight });
    const watch = new ResizeObserver(read);
    watch.observe(host);
    host.addEventListener("scroll", read, { passive: true });
    return () => { watch.disconnect(); host.removeEventListener("scroll", read); };
  }, []);
  const first = Math.max(0, Math.floor(view.top / ROW) - EXTRA);
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / ROW) + EXTRA);
  const kinds = columns.map((column) => (isNumber(column.type) ? "num" : ""));
  return (
    <div className="virtual" ref={box} tabIndex={0} role="region" aria-label="Result">
      <table className="grid" aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            <th className="row-number"><span className="hidden">row</span></th>
            {columns.map((column, i) => <th key={i} className={kinds[i]}>{column.name} <span>{column.type.toLowerCase()}</span></th>)}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <tr aria-hidden="true" style={{ height: first * ROW }}><td /></tr>}
          {rows.slice(first, last).map((row, i) => (
            <tr key={first + i} aria-rowindex={first + i + 2}>
              <td className="row-number">{first + i + 1}</td>
              {columns.map((column, c) => <Cell key={c} value={row[c]} type={column.type} kind={kinds[c] ?? ""} />)}
            </tr>
          ))}
          {last < rows.length && <tr aria-hidden="true" style={{ height: (rows.length - last) * ROW }}><td /></tr>}
        </tbody>
      </table>
    </div>
  );
}

function Cell({ value, type, kind }: { value: unknown; type: string; kind: string }) {
  if (value === null || value === undefined) return <td className={`${kind} faint`}>null</td>;
  if (typeof value === "number") {
    const whole = Number.isInteger(value) && /int/i.test(type);
    return <td className="num">{whole ? value.toLocaleString("en-GB").replace("-", "−") : value.toLocaleString("en-GB", { maximumFractionDigits: 12 }).replace("-", "−")}</td>;
  }
  if (typeof value === "boolean") return <td>{value ? "true" : "false"}</td>;
  if (typeof value === "object") return <td>{JSON.stringify(value)}</td>;
  return <td className={kind}>{kind ? grouped(String(value)) : String(value)}</td>;
}

/** An exact number that came as text, with its digits in groups of three. */
function grouped(text: string): string {
  const [, sign = "", whole, rest = ""] = /^(-?)(\d+)(\.\d+)?$/.exec(text) ?? [];
  return whole === undefined ? text : `${sign && "−"}${whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ",")}${rest}`;
}
