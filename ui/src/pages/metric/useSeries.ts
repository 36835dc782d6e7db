import { useMemo } from "react";
import type { UseQueryResult } from "@tanstack/react-query";
import { useAnswer, useBand } from "../../api/hooks";
import type { Answer, Metric } from "../../api/types";
import { addDays, iso } from "../../lib/zoned";
import { numbers } from "./useBreakdown";
import { sliceOf, span, type View } from "./view";

export interface Series {
  answer: UseQueryResult<Answer>;
  time: number[];
  actual: (number | null)[];
  expected?: (number | null)[];
  lower?: (number | null)[];
  upper?: (number | null)[];
  compare?: (number | null)[];
}

const NO_TIMES: number[] = [];

/** The chart's lines on one time axis: measured, expected, and the comparison period moved under it by the wall clock. */
export function useSeries(metric: Metric, view: View, zone: string): Series {
  const asked = { metrics: [metric.name], grain: view.grain, filters: view.filters, zone };
  const answer = useAnswer({ ...asked, ...span(view.start, view.readEnd) });
  const then = useAnswer(view.shift ? { ...asked, ...span(addDays(view.start, -view.shift, zone), addDays(view.end, -view.shift, zone)) } : null);
  const judged = sliceOf(view.filters) !== null;
  const bandAsked = { metric: metric.name, filters: view.filters, grain: view.grain, start: iso(view.start), end: iso(view.end), zone };
  const band = useBand(judged && view.grain !== "15 minutes" ? bandAsked : null).data;
  const { data } = answer;
  const before = view.shift ? then.data : undefined;
  const { shift } = view;
  const lines = useMemo(() => {
    const measured = new Map(times(data).map((at, i) => [at, numbers(data, metric.name)[i] ?? null]));
    const ready = band?.ready ? band : undefined;
    const earlier = before && new Map(times(before).map((at, i) => [addDays(at, shift, zone), numbers(before, metric.name)[i] ?? null]));
    const all = new Set([...measured.keys(), ...(ready?.time ?? []), ...(earlier?.keys() ?? [])]);
    const time = [...all].filter((at) => at >= view.start && at < view.end).toSorted((a, b) => a - b);
    const at = (source: number[], values: (number | null)[]): (number | null)[] => {
      const found = new Map(source.map((t, i) => [t, values[i] ?? null]));
      return time.map((t) => found.get(t) ?? null);
    };
    return {
      time,
      actual: time.map((t) => measured.get(t) ?? null),
      expected: ready && at(ready.time, ready.expected),
      lower: ready && at(ready.time, ready.lower),
      upper: ready && at(ready.time, ready.upper),
      compare: earlier && time.map((t) => earlier.get(t) ?? null),
    };
  }, [data, before, band, metric.name, view.start, view.end, shift, zone]);
  return { answer, ...lines };
}

function times(answer: Answer | undefined): number[] {
  return (answer?.data.time as number[] | undefined) ?? NO_TIMES;
}
