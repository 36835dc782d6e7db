import type { Metric } from "../../api/types";
import { Link } from "../../components/Link";
import { changed } from "../../lib/url";
import { length, stretch } from "../../lib/words";
import { Leaderboard } from "./Leaderboard";
import { boardsOf, compareName, scopeOf, type View } from "./view";

/** A board for each dimension, in columns; all follow the chosen stretch of time, and say so. */
export function Leaderboards({ metric, metrics, view, zone }: { metric: Metric; metrics: Metric[]; view: View; zone: string }) {
  const scope = scopeOf(view, zone, true);
  return (
    <>
      <p className="scope">
        <b>{stretch(scope.start, scope.end, zone)}</b>{view.shift ? ` against ${compareName(view).toLowerCase()}. ` : ". "}
        {view.chosen && <Link href={changed({ sel: null })}>Show all {length(view.end - view.start)}</Link>}
      </p>
      <div className="boards">
        {boardsOf(metric).map((board) => (
          <Leaderboard key={board.name} metric={metric} metrics={metrics} board={board} view={view} scope={scope} zone={zone} />
        ))}
      </div>
      <p className="hint wide-only">Click a row to keep only it, <kbd>Shift</kbd> click to leave it out. Drag on the chart to choose a time.</p>
    </>
  );
}
