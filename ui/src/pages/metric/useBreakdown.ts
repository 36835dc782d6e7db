import { useMemo } from "react";
import { useAnswer } from "../../api/hooks";
import type { Answer, Filter, Metric, Value } from "../../api/types";
import { ranked, ratioOf, rowsOf, type Ratio, type Row, type Side } from "./parts";
import { span, type Board, type Scope } from "./view";

export interface Breakdown {
  rows: Row[] | null;
  ratio: Ratio | null;
  compared: boolean;
  error: Error | null;
}

/** A metric by one dimension over a scope and over as long before, with what each slice contributed. A filter on the
 * dimension itself is not applied, so that what was left out stays visible beside what was kept. */
export function useBreakdown(metric: Metric, metrics: readonly Metric[], { name: dimension, title }: Board, scope: Scope, filters: readonly Filter[], zone: string): Breakdown {
  const ratio = useMemo(() => ratioOf(metric, metrics), [metric, metrics]);
  const asked = {
    metrics: [...new Set([metric.name, ...(ratio ? [ratio.top, ratio.bottom] : [])])],
    by: title ? [dimension, title] : [dimension],
    filters: filters.filter((one) => one.dimension !== dimension),
    zone,
  };
  const now = useAnswer({ ...asked, ...span(scope.start, scope.end) });
  const then = useAnswer(scope.before ? { ...asked, ...span(...scope.before) } : null);
  const compared = scope.before !== null;
  const after = now.data;
  const before = compared ? then.data : undefined;
  const rows = useMemo(() => {
    if (!after || (compared && !before)) return null;
    const sides = (answer: Answer): Map<Value, Side> => sidesOf(answer, dimension, metric, ratio);
    const titles = new Map(title ? [before, after].flatMap((answer) => titlesOf(answer, dimension, title)) : []);
    return ranked(rowsOf(sides(after), before ? sides(before) : null, ratio, titles), compared);
  }, [after, before, compared, dimension, title, metric, ratio]);
  return { rows, ratio, compared, error: now.error ?? then.error };
}

/** A metric's column: the server names it as asked or without its dataset. */
export function column(answer: Answer | undefined, name: string): Value[] {
  return answer?.data[name] ?? answer?.data[name.split(".").at(-1) ?? name] ?? [];
}

export function numbers(answer: Answer | undefined, name: string): (number | null)[] {
  return column(answer, name).map((v) => (v === null || v === undefined ? null : Number(v)));
}

function titlesOf(answer: Answer | undefined, dimension: string, title: string): [Value, string][] {
  const names = column(answer, title);
  return column(answer, dimension).map((key, i) => [key, String(names[i] ?? "")]);
}

function sidesOf(answer: Answer, dimension: string, metric: Metric, ratio: Ratio | null): Map<Value, Side> {
  const values = numbers(answer, metric.name);
  const tops = ratio ? numbers(answer, ratio.top) : [];
  const bottoms = ratio ? numbers(answer, ratio.bottom) : [];
  const keys = column(answer, dimension);
  return new Map(keys.map((key, i) => [key, { value: values[i] ?? null, top: tops[i] ?? 0, bottom: bottoms[i] ?? 0 }]));
}
