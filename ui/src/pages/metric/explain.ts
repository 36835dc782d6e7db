import type { Metric } from "../../api/types";
import { say } from "../../lib/numbers";
import { valueName } from "../../lib/slice";
import type { Ratio, Row } from "./parts";

export interface Explanation {
  head: string;
  rest: string;
  sums: { before: number; after: number; total: number };
}

/** A sentence that says what changed and whether one slice explains it. "No clear cause" is a valid sentence. */
export function sentence(metric: Metric, ratio: Ratio | null, rows: readonly Row[], label: string): Explanation {
  const total = rows.reduce((sum, row) => sum + row.total, 0);
  const sums = whole(ratio, rows, total);
  const moved = Math.abs(total) < 1e-12 ? "did not change, at" : total > 0 ? "rose from" : "fell from";
  const head = moved.startsWith("did") ? `${metric.label} ${moved} ${say(sums.after, metric)}.` : `${metric.label} ${moved} ${say(sums.before, metric)} to ${say(sums.after, metric)}.`;
  const mix = Math.abs(rows.reduce((sum, row) => sum + row.mix, 0));
  const same = rows.filter((row) => row.total * total > 0).length;
  const [first] = rows;
  if (!first || moved.startsWith("did")) return { head, rest: "", sums };
  const share = first.total / total;
  const fair = first.weight;
  const name = first.title || valueName(first.value);
  const mixed = ratio && mix > 0.3 * Math.abs(total) ? " Much of it comes from which slices grew, not from what happened inside them." : "";
  if (share > 0.5 && share > 1.5 * fair) return { head, rest: `${label} ${name} is ${Math.round(share * 100)}% of the change, with ${Math.round(fair * 100)}% of the whole.${mixed}`, sums };
  const word = total > 0 ? "rose" : "fell";
  return { head, rest: `No clear cause by ${label.toLowerCase()}: ${same} of ${rows.length} ${word} together; ${name} is the largest part, ${Math.round(share * 100)}%.${mixed}`, sums };
}

/** The whole before and after, put together from its slices. */
function whole(ratio: Ratio | null, rows: readonly Row[], total: number): Explanation["sums"] {
  const after = ratio ? rows.reduce((sum, row) => sum + row.weight * (row.after ?? 0), 0) : rows.reduce((sum, row) => sum + (row.after ?? 0), 0);
  return { after, before: after - total, total };
}
