import type { Change, Metric } from "../../api/types";
import { say } from "../../lib/numbers";
import type { Ratio, Row } from "./parts";

export interface Sums {
  before: number;
  after: number;
  total: number;
}

/** What changed, in words; why is said by the server, in the words of an incident. */
export function head(metric: Metric, { actual, expected }: Change): string {
  if (actual === null || expected === null) return "";
  const change = actual - expected;
  if (Math.abs(change) < 1e-12) return `${metric.label} did not change, at ${say(actual, metric)}.`;
  return `${metric.label} ${change > 0 ? "rose" : "fell"} from ${say(expected, metric)} to ${say(actual, metric)}.`;
}

/** The whole before and after, put together from its slices. */
export function whole(ratio: Ratio | null, rows: readonly Row[]): Sums {
  const total = rows.reduce((sum, row) => sum + row.total, 0);
  const after = ratio ? rows.reduce((sum, row) => sum + row.weight * (row.after ?? 0), 0) : rows.reduce((sum, row) => sum + (row.after ?? 0), 0);
  return { after, before: after - total, total };
}
