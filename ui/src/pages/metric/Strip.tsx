import { useState } from "react";
import { useAnswer } from "../../api/hooks";
import type { Metric } from "../../api/types";
import { Link } from "../../components/Link";
import { Spark } from "../../components/Spark";
import { change, judge, say } from "../../lib/numbers";
import { numbers } from "./useBreakdown";
import { scopeOf, span, type View } from "./view";

const SHOWN = 8;

/** The dataset's metrics: followed ones and shares first, and always the one on screen. */
export function stripMetrics(metric: Metric, metrics: readonly Metric[]): Metric[] {
  const rank = (one: Metric): number => (one.following ? 0 : one.kind === "ratio" || one.kind === "conversion" ? 1 : one.kind === "derived" ? 2 : 3);
  return metrics.filter((one) => one.dataset === metric.dataset).toSorted((a, b) => rank(a) - rank(b));
}

export function Strip({ metric, metrics, view, zone }: { metric: Metric; metrics: Metric[]; view: View; zone: string }) {
  const [all, setAll] = useState(false);
  const every = stripMetrics(metric, metrics);
  const shown = all || every.indexOf(metric) >= SHOWN ? every : every.slice(0, SHOWN);
  const names = shown.map((one) => one.name);
  const scope = scopeOf(view, zone, false);
  const asked = { metrics: names, filters: view.filters, zone };
  const series = useAnswer({ ...asked, grain: view.grain, ...span(scope.start, scope.end) });
  const now = useAnswer({ ...asked, ...span(scope.start, scope.end) });
  const then = useAnswer(scope.before ? { ...asked, ...span(...scope.before) } : null);
  return (
    <nav className="strip" aria-label="Metrics">
      <h3>Metrics of {metric.dataset} <kbd>j</kbd><kbd>k</kbd></h3>
      <ul>
        {shown.map((one) => {
          const after = numbers(now.data, one.name)[0] ?? null;
          const before = scope.before ? (numbers(then.data, one.name)[0] ?? null) : null;
          const said = scope.before ? change(after, before, one) : "";
          const moved = after !== null && before !== null ? after - before : null;
          return (
            <li key={one.name}>
              <Link href={window.location.pathname.replace(/[^/]+$/, one.name) + window.location.search} aria-current={one === metric ? "true" : undefined}>
                <span className="name">{one.label}</span>
                <b className="num">{say(after, one)}</b>
                <Spark values={numbers(series.data, one.name)} />
                <span className={`num change ${judge(moved, one.better, said)}`}>{said}</span>
              </Link>
            </li>
          );
        })}
      </ul>
      {shown.length < every.length && <button className="link more" onClick={() => setAll(true)}>{every.length - shown.length} more metrics</button>}
    </nav>
  );
}
