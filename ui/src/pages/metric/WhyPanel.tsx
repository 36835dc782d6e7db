import { useState, type CSSProperties } from "react";
import type { Metric } from "../../api/types";
import { Pop } from "../../components/Pop";
import { difference, say } from "../../lib/numbers";
import { stretch } from "../../lib/words";
import { sentence } from "./explain";
import { Name } from "./Leaderboard";
import type { Row } from "./parts";
import { useBreakdown } from "./useBreakdown";
import { boardsOf, compareName, dimensionLabel, scopeOf, type View } from "./view";

interface Props {
  metric: Metric;
  metrics: Metric[];
  view: View;
  zone: string;
  right: number; // where the chosen stretch begins, in percent from the chart's right edge; the panel stays left of it
  onClose: () => void;
}

const SHOWN = 7;

/** Before and after by dimension. What the slices changed (rate) and how they grew or shrank (mix) add up exactly. */
export function WhyPanel({ metric, metrics, view, zone, right, onClose }: Props) {
  const free = boardsOf(metric).filter((one) => !view.filters.some((filter) => filter.dimension === one.name && !filter.exclude));
  const [dimension, setDimension] = useState(free[0]?.name ?? metric.dimensions[0]?.name ?? "");
  const board = free.find((one) => one.name === dimension) ?? { name: dimension, label: dimension, title: null };
  const scope = scopeOf(view, zone, true);
  const { rows, ratio, error } = useBreakdown(metric, metrics, board, scope, view.filters, zone);
  const label = dimensionLabel(metric, dimension);
  const adds = ratio !== null || metric.additive;
  const words = rows && adds ? sentence(metric, ratio, rows, label) : null;
  const text = (): string => [words?.head, words?.rest, ...(rows ?? []).map((row) => [row.key, say(row.before, metric), say(row.after, metric), difference(row.total, metric)].join("\t"))].join("\n");
  return (
    <Pop title="Why did it change?" className="why" style={{ "--from": right / 100 } as CSSProperties} onClose={onClose}>
      <p className="say">{words ? <><b>{words.head}</b> {words.rest}</> : error ? error.message : adds ? "Comparing…" : "This metric’s slices do not add up to it, so no part of the change can be given to any of them."}</p>
      <div className="tabline" role="tablist" aria-label="Dimension">
        {free.map((one) => <button key={one.name} role="tab" aria-selected={one.name === dimension} onClick={() => setDimension(one.name)}>{one.label}</button>)}
      </div>
      {rows && <WhyTable rows={rows} metric={metric} label={label} ratio={ratio !== null} adds={adds} before={scope.before ? stretch(...scope.before, zone) : ""} after={stretch(scope.start, scope.end, zone)} sums={words?.sums} />}
      <footer>
        <button className="button" onClick={() => void navigator.clipboard?.writeText(text())}>Copy as text</button>
        <span className="faint">{stretch(scope.start, scope.end, zone)} against {compareName(view).toLowerCase()}</span>
      </footer>
    </Pop>
  );
}

function WhyTable({ rows, metric, label, ratio, adds, before, after, sums }: {
  rows: Row[]; metric: Metric; label: string; ratio: boolean; adds: boolean; before: string; after: string; sums?: { before: number; after: number; total: number };
}) {
  const top = rows.slice(0, SHOWN);
  const rest = rows.slice(SHOWN);
  const total = rows.reduce((sum, row) => sum + row.total, 0);
  const most = Math.max(...rows.map((row) => Math.abs(row.total)), 1e-12);
  const points = metric.format === "percent" ? ", pp" : "";
  const plain = (value: number): string => difference(value, { ...metric, unit: "" }).replace(" pp", "");
  const part = (value: number) => (
    <td className="part"><i className="bar" style={{ width: 66 * Math.min(1, Math.abs(value) / most) }} /><span>{total ? `${value / total < 0 ? "−" : ""}${Math.abs(Math.round((100 * value) / total))}%` : "–"}</span></td>
  );
  const sum = (pick: (row: Row) => number, of: Row[]): number => of.reduce((all, row) => all + pick(row), 0);
  return (
    <table>
      <thead>
        <tr>
          <th>{label}</th>
          <th className="num" title={before}>Before</th>
          <th className="num" title={after}>After</th>
          {ratio && <th className="num" title="Change inside the slice">Rate{points}</th>}
          {ratio && <th className="num" title="Change because slices grew or shrank">Mix{points}</th>}
          {adds && !ratio && <th className="num">Change</th>}
          {adds && <th className="num part">Share of change</th>}
        </tr>
      </thead>
      <tbody>
        {top.map((row) => (
          <tr key={row.key}>
            <th scope="row"><Name row={row} /></th>
            <td className="num faint">{say(row.before, metric)}</td>
            <td className="num">{say(row.after, metric)}</td>
            {adds && <td className="num">{plain(row.rate)}</td>}
            {ratio && <td className="num">{plain(row.mix)}</td>}
            {adds && part(row.total)}
          </tr>
        ))}
        {adds && rest.length > 0 && (
          <tr className="rest"><th scope="row">{rest.length} others</th><td /><td /><td className="num">{plain(sum((row) => row.rate, rest))}</td>{ratio && <td className="num">{plain(sum((row) => row.mix, rest))}</td>}{part(sum((row) => row.total, rest))}</tr>
        )}
        {adds && sums && (
          <tr className="sum"><th scope="row">All</th><td className="num">{say(sums.before, metric)}</td><td className="num">{say(sums.after, metric)}</td><td className="num">{plain(sum((row) => row.rate, rows))}</td>{ratio && <td className="num">{plain(sum((row) => row.mix, rows))}</td>}<td className="part"><span>{total ? "100%" : "–"}</span></td></tr>
        )}
      </tbody>
    </table>
  );
}
