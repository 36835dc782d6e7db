import type { Metric, Watched } from "../../api/types";
import { Link } from "../../components/Link";
import { Spark } from "../../components/Spark";
import { say } from "../../lib/numbers";
import { sliceFilters, valueName } from "../../lib/slice";
import { href } from "../../lib/url";
import { date } from "../../lib/words";

/** Every followed series that is inside its expected range, in columns by metric, and by hour or day where it is watched by
 * both; what several monitors watch is there once. */
export function WatchList({ watched, metrics, zone }: { watched: Watched[]; metrics: Metric[]; zone: string }) {
  const groups = Map.groupBy(watched, (one) => `${one.metric} ${grainOf(one)}`);
  const grains = Map.groupBy(groups.values(), ([first]) => first?.metric);
  const last = watched[0]?.time.at(-1);
  return (
    <section className="watchlist">
      <header>
        <h2>What is watched</h2>
        <span className="faint">{last ? `Up to ${date(last, zone)}. ` : ""}The grey band is what was expected.</span>
        <Link className="button right" href={href("/metrics")}>Follow a metric</Link>
      </header>
      <div className="columns">
        {[...groups].map(([key, every]) => {
          const slices = every.map((cell) => JSON.stringify(cell.slice));
          const cells = every.filter((_, at) => slices.indexOf(slices[at]!) === at);
          const { metric } = every[0]!;
          return (
            <div key={key}>
              <h3>{metrics.find((one) => one.name === metric)?.label ?? metric}{(grains.get(metric)?.length ?? 0) > 1 && ` by ${grainOf(every[0]!)}`} {cells.length}</h3>
              <ul>{cells.map((cell) => <WatchCell key={JSON.stringify(cell.slice)} cell={cell} />)}</ul>
            </div>
          );
        })}
      </div>
    </section>
  );
}

/** By what a series is watched, as its buckets tell. */
function grainOf({ time }: Watched): "hour" | "day" {
  const steps = time.slice(1).map((at, place) => at - time[place]!);
  return Math.min(...steps) < 20 * 3_600_000 ? "hour" : "day";
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
