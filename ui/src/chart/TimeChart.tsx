import { useMemo, useRef, useState, type CSSProperties, type ReactNode } from "react";
import type { Better, Happening, Measured } from "../api/types";
import { nextBucket } from "../lib/zoned";
import { Legend } from "./Legend";
import { Overlay, type Pin } from "./Overlay";
import type { Drawn, Values } from "./paint";
import { timeTicks, valueScale } from "./ticks";
import { usePlot } from "./usePlot";
import "./chart.css";

export interface TimeChartProps {
  label: string; // the sentence for who does not see the chart
  name: string;
  by: Measured;
  better: Better;
  zone: string;
  grain: string;
  start: number;
  end: number;
  time: readonly number[];
  actual: Values;
  expected?: Values;
  lower?: Values;
  upper?: Values;
  compare?: Values;
  compareName?: string;
  outside?: readonly boolean[];
  until?: number | null;
  line?: { value: number; label: string } | null; // a goal or limit
  projects?: boolean; // what is expected after `until` is a projection
  events?: readonly Happening[];
  pins?: readonly Pin[];
  chosen?: [number, number] | null;
  height: number;
  legend?: boolean;
  onSelect?: (start: number, end: number) => void;
  children?: ReactNode;
}

/** How high the band stretches the axis: to its top, unless a few buckets tower above the others and the lines. In hours
 * of one or two rows a share may be anything; there the band runs out of the chart, so that the lines stay readable. */
function roomForBand(actual: Values, compare: Values | undefined, upper: Values | undefined): number | null {
  const heights = (upper ?? []).filter((v): v is number => v !== null && v !== undefined).toSorted((a, b) => a - b);
  const highest = heights.at(-1);
  if (highest === undefined) return null;
  const lines = Math.max(0, ...[...actual, ...(compare ?? [])].map((v) => v ?? 0));
  const usual = heights[Math.floor(heights.length / 2)] ?? highest;
  const enough = Math.max(usual, lines);
  return highest > 1.6 * enough ? 1.1 * enough : highest;
}

/** The measured line in ink over its expected band; red or green only where it leaves the band and a side is better. */
export function TimeChart(props: TimeChartProps) {
  const { time, actual, expected, lower, upper, compare, outside, better, zone, grain, start, end, until = null, by, line = null, projects = false } = props;
  const box = useRef<HTMLDivElement>(null);
  const [hover, setHover] = useState<number | null>(null);
  const scale = useMemo(() => {
    const shown = projects ? [...actual, ...(expected ?? [])] : actual;
    return valueScale([...shown, ...(compare ?? []), roomForBand(shown, compare, upper), line?.value], by);
  }, [actual, expected, projects, compare, upper, line?.value, by]);
  const drawn = useMemo((): Drawn => {
    const last = time.findLastIndex((at, i) => actual[i] !== null && actual[i] !== undefined && (until === null || at < until));
    const at = time[last];
    const partial = at !== undefined && until !== null && nextBucket(at, grain, zone) > until ? last : null;
    const ahead = projects && until !== null ? time.findIndex((one) => one >= until) : -1;
    return { time, actual, expected, lower, upper, compare, outside, better, partial, grid: scale.ticks.map((tick) => tick.at), line: line?.value, ahead: ahead < 0 ? undefined : ahead };
  }, [time, actual, expected, lower, upper, compare, outside, better, until, grain, zone, scale, line?.value, projects]);
  usePlot(box, { drawn, start, end, low: scale.low, high: scale.high, onHover: setHover, onSelect: props.onSelect });
  const wide = typeof window !== "undefined" && window.innerWidth > 760;
  const left = Math.max(...scale.ticks.map((tick) => tick.label.length)) * 6.4 + 12;
  const bottom = props.events?.length ? 44 : 22;
  const top = props.legend ? 30 : props.pins?.length ? 36 : 14;
  return (
    <figure className="chart" style={{ height: props.height, "--plot": `${top}px 0 ${bottom}px ${left}px` } as CSSProperties}>
      {props.legend && <Legend drawn={drawn} hover={hover} name={props.name} compareName={props.compareName} by={by} zone={zone} grain={grain} left={left} tight={scale.tight} />}
      <div className="plot">
        <div className="plot-canvas" ref={box} role="img" aria-label={props.label} />
        <Overlay start={start} end={end} scale={scale} ticks={timeTicks(start, end, zone, wide ? 9 : 5)} until={until} zone={zone} events={props.events} pins={props.pins} chosen={props.chosen} line={line} />
        {props.children}
      </div>
    </figure>
  );
}
