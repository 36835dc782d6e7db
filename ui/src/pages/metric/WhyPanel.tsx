import { useState, type CSSProperties } from "react";
import { useWhy } from "../../api/hooks";
import type { Change, Metric, WhyBody } from "../../api/types";
import { Factors } from "../../components/change/Factors";
import { Parts } from "../../components/change/Parts";
import { Pop } from "../../components/Pop";
import { difference, say } from "../../lib/numbers";
import { stretch } from "../../lib/words";
import { iso } from "../../lib/zoned";
import { head, whole, type Sums } from "./explain";
import { Name } from "./Leaderboard";
import type { Row } from "./parts";
import { useBreakdown } from "./useBreakdown";
import { boardsOf, compareName, dimensionLabel, scopeOf, sliceOf, type Scope, type View } from "./view";

interface Props {
  metric: Metric;
  metrics: Metric[];
  view: View;
  zone: string;
  right: number; // where the chosen stretch begins, in percent from the chart's right edge; the panel stays left of it
  onClose: () => void;
}

const SHOWN = 7;
const ALL = ""; // the tab of all combinations

/** Which slices explain the change, over all combinations of dimensions, and before and after by each dimension. What the
 * slices changed (rate) and how they grew or shrank (mix) add up exactly. */
export function WhyPanel({ metric, metrics, view, zone, right, onClose }: Props) {
  const free = boardsOf(metric).filter((one) => !view.filters.some((filter) => filter.dimension === one.name && !filter.exclude));
  const [tab, setTab] = useState(ALL);
  const scope = scopeOf(view, zone, true);
  const why = useWhy(asked(metric, view, scope, zone));
  const adds = why.data?.actual !== null;
  const text = (): string => {
    const found = why.data;
    if (!found) return "";
    const lines = found.parts.map((one) => [one.name, say(one.actual, metric), say(one.expected, metric), one.share === null ? "" : `${Math.round(100 * one.share)}%`].join("\t"));
    return [`${head(metric, found)} ${found.says}`, ...lines].join("\n");
  };
  return (
    <Pop title="Why did it change?" className="why" style={{ "--from": right / 100 } as CSSProperties} onClose={onClose}>
      <p className="say">{why.isError ? why.error.message : why.data ? <Says metric={metric} change={why.data} /> : "Comparing…"}</p>
      {adds && <div className="tabline" role="tablist" aria-label="Dimension">
        <button role="tab" aria-selected={tab === ALL} onClick={() => setTab(ALL)}>Combinations</button>
        {scope.before && free.map((one) => <button key={one.name} role="tab" aria-selected={one.name === tab} onClick={() => setTab(one.name)}>{one.label}</button>)}
      </div>}
      {tab === ALL
        ? why.data && adds && <><Parts change={why.data} metric={metric.name} by={metric} within={sliceOf(view.filters) ?? {}} /><Factors change={why.data} /></>
        : <ByDimension key={tab} dimension={tab} metric={metric} metrics={metrics} view={view} zone={zone} scope={scope} />}
      <footer>
        <button className="button" onClick={() => void navigator.clipboard?.writeText(text())}>Copy as text</button>
        <span className="faint">{stretch(scope.start, scope.end, zone)} against {scope.before ? compareName(view).toLowerCase() : "the weeks before"}</span>
      </footer>
    </Pop>
  );
}

/** Compared with nothing, it is laid beside the same hours of the weeks before. */
function asked(metric: Metric, view: View, { start, end, before }: Scope, zone: string): WhyBody {
  const against = before && { against_start: iso(before[0]), against_end: iso(before[1]) };
  return { metric: metric.name, start: iso(start), end: iso(end), ...against, filters: view.filters, zone };
}

function Says({ metric, change }: { metric: Metric; change: Change }) {
  const beside = change.events.map((event) => event.name).join(" and ");
  return <><b>{head(metric, change)}</b> {change.says}{beside && ` Beside it: ${beside}.`}</>;
}

function ByDimension({ dimension, metric, metrics, view, zone, scope }: { dimension: string; metric: Metric; metrics: Metric[]; view: View; zone: string; scope: Scope }) {
  const board = boardsOf(metric).find((one) => one.name === dimension) ?? { name: dimension, label: dimension, title: null };
  const { rows, ratio, error } = useBreakdown(metric, metrics, board, scope, view.filters, zone);
  if (error) return <p className="say">{error.message}</p>;
  if (!rows) return null;
  const adds = ratio !== null || metric.additive;
  return (
    <WhyTable rows={rows} metric={metric} label={dimensionLabel(metric, dimension)} ratio={ratio !== null} adds={adds} before={scope.before ? stretch(...scope.before, zone) : ""}
      after={stretch(scope.start, scope.end, zone)} sums={adds ? whole(ratio, rows) : undefined} />
  );
}

function WhyTable({ rows, metric, label, ratio, adds, before, after, sums }: {
  rows: Row[]; metric: Metric; label: string; ratio: boolean; adds: boolean; before: string; after: string; sums?: Sums;
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
