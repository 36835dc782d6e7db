import type { Metric, Watched } from "../../api/types";
import { Link } from "../../components/Link";
import { Spark } from "../../components/Spark";
import { say } from "../../lib/numbers";
import { sliceFilters, valueName } from "../../lib/slice";
import { href } from "../../lib/url";
import { date } from "../../lib/words";

/** Every followed series that is inside its expected range, in columns by metric. */
export function WatchList({ watched, metrics, zone }: { watched: Watched[]; metrics: Metric[]; zone: string }) {
  const groups = Map.groupBy(watched, (one) => one.metric);
  const last = watched[0]?.time.at(-1);
  return (
    <section className="watchlist">
      <header>
        <h2>What is watched</h2>
        <span className="faint">{last ? `Up to ${date(last, zone)}. ` : ""}The grey band is what was expected.</span>
        <Link className="button right" href={href("/metrics")}>Follow a metric</Link>
      </header>
      <div className="columns">
        {[...groups].map(([metric, cells]) => (
          <div key={metric}>
            <h3>{metrics.find((one) => one.name === metric)?.label ?? metric} {cells.length}</h3>
            <ul>{cells.map((cell) => <WatchCell key={cell.monitor + JSON.stringify(cell.slice)} cell={cell} />)}</ul>
          </div>
        ))}
      </div>
    </section>
  );
}

function WatchCell({ cell }: { cell: Watched }) {
  const name = Object.values(cell.slice).map(valueName).join(", ") || "All";
  return (
    <li>
      <Link href={href(`/metrics/${cell.metric}`, { f: sliceFilters(cell.slice) })}>
        <span className="name">{name}</span>
        <Spark values={cell.series} lower={cell.lower ?? undefined} upper={cell.upper ?? undefined} />
        <span className="num">{say(cell.value, cell)}</span>
      </Link>
    </li>
  );
}
