import { useAnswer } from "../../api/hooks";
import type { Metric } from "../../api/types";
import { Link } from "../../components/Link";
import { Readout } from "../../components/Readout";
import { judge, parts } from "../../lib/numbers";
import { href } from "../../lib/url";
import { stretch } from "../../lib/words";
import { FollowButton } from "./FollowButton";
import { numbers } from "./useBreakdown";
import { compareName, scopeOf, span, type View } from "./view";

export function Head({ metric, view, zone }: { metric: Metric; view: View; zone: string }) {
  const scope = scopeOf(view, zone, false);
  const asked = { metrics: [metric.name], filters: view.filters, zone };
  const now = useAnswer({ ...asked, ...span(scope.start, scope.end) });
  const then = useAnswer(scope.before ? { ...asked, ...span(...scope.before) } : null);
  const after = numbers(now.data, metric.name)[0] ?? null;
  const before = scope.before ? (numbers(then.data, metric.name)[0] ?? null) : null;
  const moved = after !== null && before !== null ? after - before : null;
  const better = metric.better ? `${metric.better === "up" ? "Higher" : "Lower"} is better.` : "";
  return (
    <header className="head">
      <div className="head-name">
        <h1>{metric.label}</h1>
        <FollowButton metric={metric} view={view} zone={zone} />
        <p className="sub">{metric.description} {better} <Link href={href("/catalog", { kind: "metrics", name: metric.name })}>Definition</Link></p>
      </div>
      <dl className="readouts">
        <Readout label={stretch(view.start, view.knownEnd, zone)} value={parts(after, metric)} />
        {scope.before && <Readout label={compareName(view)} value={parts(before, metric)} />}
        {scope.before && <Readout label="Difference" value={parts(moved, metric, true)} tone={judge(moved, metric.better, parts(moved, metric).text)} />}
      </dl>
    </header>
  );
}
