import { useQuery } from "@tanstack/react-query";
import { get } from "../../api/client";
import type { Chart, Goals, Metric } from "../../api/types";
import type { Pin } from "../../chart/Overlay";
import type { Moment } from "../../lib/moment";
import { say } from "../../lib/numbers";
import { iso } from "../../lib/zoned";
import { sliceOf, type View } from "./view";

export interface Line {
  value: number;
  label: string;
  ahead?: Chart; // a limit's chart, which goes on with what is projected
  pins: Pin[];
}

/** The line that somebody drew for what the chart shows: a limit by its grain, a goal by its period. */
export function useLine(metric: Metric, view: View, at: Moment): Line | null {
  const found = useQuery({
    queryKey: ["goals", at.asOf],
    queryFn: ({ signal }) => get<Goals>(at.asOf === null ? "/goals" : `/goals?as_of=${iso(at.at)}`, signal),
    staleTime: 60_000,
    retry: false,
  });
  const within = sliceOf(view.filters);
  if (!found.data || within === null) return null;
  const mine = (one: { metric: string; slice: Record<string, unknown> }): boolean => one.metric === metric.name && same(one.slice, within);
  const limit = found.data.limits.find((one) => mine(one) && one.grain === view.grain);
  if (limit) return { value: limit.value, label: `limit ${say(limit.value, metric)}`, ahead: limit.chart, pins: [] };
  const goal = found.data.goals.find((one) => mine(one) && one.period === view.grain);
  if (!goal || goal.goal === null) return null;
  const start = Date.parse(goal.start);
  const shown = goal.projected !== null && start >= view.start && start < view.end;
  const projected: Pin[] = shown && goal.projected !== null ? [{ at: start, value: goal.projected, strong: say(goal.projected, metric), label: "projected" }] : [];
  return { value: goal.goal, label: `goal ${say(goal.goal, metric)}`, pins: projected };
}

function same(one: Record<string, unknown>, other: Record<string, unknown>): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => String(one[name]) === String(other[name]));
}
