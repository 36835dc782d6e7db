import { useState } from "react";
import type { Metric, Value } from "../../api/types";
import { Icon } from "../../components/Icon";
import { change, judge, say } from "../../lib/numbers";
import { valueName } from "../../lib/slice";
import { changed, go } from "../../lib/url";
import type { Row } from "./parts";
import { useBreakdown } from "./useBreakdown";
import { toggle, writeFilters, type Board, type Scope, type View } from "./view";

interface Props {
  metric: Metric;
  metrics: Metric[];
  board: Board;
  view: View;
  scope: Scope;
  zone: string;
}

const SHOWN = 9;

export function Leaderboard({ metric, metrics, board, view, scope, zone }: Props) {
  const [all, setAll] = useState(false);
  const { name: dimension, label } = board;
  const { rows, ratio, compared, error } = useBreakdown(metric, metrics, board, scope, view.filters, zone);
  const filter = view.filters.find((one) => one.dimension === dimension);
  const shown = rows?.slice(0, all ? 200 : SHOWN) ?? [];
  const most = Math.max(...shown.map((row) => Math.abs(row.after ?? 0)), 1e-12);
  const weight = ratio ? (metrics.find((one) => one.name === ratio.bottom)?.label ?? "Share") : metric.additive ? "Share" : null;
  const keep = (value: Value): boolean => !filter || filter.values.includes(String(value)) !== filter.exclude;
  return (
    <section className="leaderboard">
      <table>
        <thead>
          <tr>
            <th>{label}</th>
            <th className="num">Value</th>
            {compared && <th className="num">Change{metric.format === "percent" ? ", pp" : ""}</th>}
            {weight && <th className="num">{weight}</th>}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <LeaderRow key={row.key} row={row} metric={metric} size={Math.abs(row.after ?? 0) / most} compared={compared} weighed={weight !== null}
              kept={keep(row.value)} ticked={Boolean(filter && !filter.exclude && keep(row.value))}
              onPress={(leaveOut) => go(changed({ f: writeFilters(toggle(view.filters, dimension, String(row.value), leaveOut)) }))} />
          ))}
          {!rows && !error && Array.from({ length: 4 }, (_, i) => <tr key={i}><td colSpan={4}><i className="gray" /></td></tr>)}
        </tbody>
      </table>
      {error && <p className="faint">{error.message}</p>}
      {rows?.length === 0 && <p className="faint">No {label.toLowerCase()} has data here.</p>}
      {rows && rows.length > shown.length && <button className="link more" onClick={() => setAll(true)}>{rows.length - shown.length} more</button>}
    </section>
  );
}

function LeaderRow({ row, metric, size, compared, weighed, kept, ticked, onPress }: {
  row: Row; metric: Metric; size: number; compared: boolean; weighed: boolean; kept: boolean; ticked: boolean; onPress: (leaveOut: boolean) => void;
}) {
  const moved = row.after !== null && row.before !== null ? row.after - row.before : null;
  const name = [valueName(row.value), row.title].filter(Boolean).join(" ");
  const said = change(row.after, row.before, metric);
  return (
    <tr className={ticked ? "on" : kept ? "" : "off"} onClick={(event) => onPress(event.shiftKey)}>
      <th scope="row"><button title={`Keep only ${name}; with Shift leave it out`} aria-pressed={ticked}>{ticked && <Icon name="check" />}<Name row={row} /></button></th>
      <td className="value"><i className="bar" style={{ width: `calc((100% - 6px) * ${size})` }} /><span>{say(row.after, metric)}</span></td>
      {compared && <td className={`num ${kept ? judge(moved, metric.better, said) : ""}`}>{said.replace(" pp", "")}</td>}
      {weighed && <td className="num faint">{Math.round(row.weight * 100)}%</td>}
    </tr>
  );
}

/** A value; a code stands in a column of its own before the name. */
export function Name({ row }: { row: Row }) {
  return row.title ? <><b className="code">{valueName(row.value)}</b>{row.title}</> : <>{valueName(row.value)}</>;
}
