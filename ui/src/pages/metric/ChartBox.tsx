import { useMemo, useState } from "react";
import { useProjectEvents } from "./useEvents";
import type { Chart, Metric } from "../../api/types";
import { TimeChart } from "../../chart/TimeChart";
import { Trouble, Waiting } from "../../components/Trouble";
import { useKeys } from "../../lib/keys";
import type { Moment } from "../../lib/moment";
import { changed, go } from "../../lib/url";
import { length, stretch } from "../../lib/words";
import { localText, nextBucket } from "../../lib/zoned";
import { SeriesTable } from "./SeriesTable";
import { useLine } from "./useLine";
import { useSeries, type Series } from "./useSeries";
import { WhyPanel } from "./WhyPanel";
import { chosenText, compareName, type View } from "./view";

interface Props {
  metric: Metric;
  metrics: Metric[];
  view: View;
  at: Moment;
  why: boolean;
  onWhy: (open: boolean) => void;
}

type Lines = Omit<Series, "answer">;

/** The lines with what is projected behind them, where the chart reaches up to what is known. */
function withAhead(series: Lines, ahead: Chart | undefined, end: number): Lines & { end: number } {
  const last = series.time.at(-1);
  if (!ahead || last === undefined || ahead.until > end) return { ...series, end };
  const from = ahead.time.findIndex((time) => time >= ahead.until && time > last);
  if (from < 0) return { ...series, end };
  const time = ahead.time.slice(from);
  const on = (known: Series["expected"], more: readonly (number | null)[]): (number | null)[] => [...(known ?? series.time.map(() => null)), ...more.slice(from)];
  const step = (time.at(-1) ?? last) - (time.at(-2) ?? last);
  return {
    time: [...series.time, ...time],
    actual: on(series.actual, ahead.actual),
    expected: on(series.expected, ahead.expected),
    lower: on(series.lower, ahead.lower),
    upper: on(series.upper, ahead.upper),
    compare: series.compare && on(series.compare, time.map(() => null)),
    end: Math.max(end, (time.at(-1) ?? end) + step),
  };
}

export function ChartBox({ metric, metrics, view, at, why, onWhy }: Props) {
  const { zone } = at;
  const series = useSeries(metric, view, zone);
  const events = useProjectEvents(view.start, view.end);
  const line = useLine(metric, view, at);
  const { time, actual, expected, lower, upper, compare } = series;
  const drawn = useMemo(() => withAhead({ time, actual, expected, lower, upper, compare }, line?.ahead, view.end), [time, actual, expected, lower, upper, compare, line?.ahead, view.end]);
  const [table, setTable] = useState(false);
  const { chosen } = view;
  const zoom = (): void => {
    if (chosen) go(changed({ start: localText(chosen[0], zone), end: localText(chosen[1], zone), range: null, sel: null, grain: null, compare: view.compare }));
  };
  useKeys({ z: zoom }, chosen !== null);
  const choose = (from: number, to: number): void => go(changed({ sel: chosenText(snap(series.time, from, to, view, zone), zone) }), chosen !== null);
  if (series.answer.isError) return <Trouble error={series.answer.error} onRetry={() => void series.answer.refetch()} />;
  if (!series.answer.data) return <Waiting height={336} />;
  const empty = series.actual.every((v) => v === null);
  const right = chosen ? Math.min(96, Math.max(0, ((view.end - chosen[0]) / (view.end - view.start)) * 100)) : 0;
  return (
    <section className="chart-box" aria-label={`${metric.label} over time`}>
      <TimeChart
        label={`${metric.label} by ${view.grain}, ${stretch(view.start, view.end, zone)}${series.upper ? ", with the expected band" : ""}${series.compare ? `, and ${compareName(view).toLowerCase()}` : ""}`}
        name={metric.label} by={metric} better={metric.better} zone={zone} grain={view.grain} start={view.start} end={drawn.end}
        time={drawn.time} actual={drawn.actual} expected={drawn.expected} lower={drawn.lower} upper={drawn.upper}
        compare={drawn.compare} line={line} projects={line?.ahead !== undefined} pins={line?.pins} compareName={compareName(view)} until={at.until} events={events} chosen={chosen} height={window.innerWidth > 760 ? 336 : 270} legend onSelect={choose}
      >
        {empty && <p className="nothing">No data in this range{view.filters.length ? " with these filters. " : ". "}{view.filters.length > 0 && <button className="link" onClick={() => go(changed({ f: null }))}>Clear all filters</button>}</p>}
      </TimeChart>
      {chosen && (
        <div className="chosen-bar" style={right > 45 ? { left: `calc(${100 - right}% + 40px * ${right / 100})` } : { right: `calc((100% - 40px) * ${right / 100})` }}>
          <b>{length(chosen[1] - chosen[0])} chosen</b>
          <button className="button quiet" data-opens onClick={() => onWhy(true)}>Why did it change? <kbd>w</kbd></button>
          <button className="button quiet" onClick={zoom}>Zoom <kbd>z</kbd></button>
        </div>
      )}
      {why && <WhyPanel metric={metric} metrics={metrics} view={view} zone={zone} right={right} onClose={() => onWhy(false)} />}
      <button className="plain table-toggle" aria-expanded={table} onClick={() => setTable(!table)}>{table ? "Hide table" : "Table"}</button>
      {table && <SeriesTable metric={metric} series={series} zone={zone} compareName={compareName(view)} />}
    </section>
  );
}

/** A dragged stretch, widened to whole buckets. */
function snap(time: readonly number[], from: number, to: number, view: View, zone: string): [number, number] {
  const first = time.findLast((at) => at <= from) ?? view.start;
  const last = time.findLast((at) => at < to) ?? first;
  return [first, Math.min(view.end, nextBucket(last, view.grain, zone))];
}
