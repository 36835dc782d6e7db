import type { Metric } from "../../api/types";
import { say } from "../../lib/numbers";
import { clock, date } from "../../lib/words";
import type { Series } from "./useSeries";

/** The chart as a table, for who can't see the chart or wants the figures. */
export function SeriesTable({ metric, series, zone, compareName }: { metric: Metric; series: Series; zone: string; compareName: string }) {
  return (
    <div className="series-table" tabIndex={0} role="region" aria-label={`${metric.label} as a table`}>
      <table>
        <thead><tr><th>Time</th><th className="num">{metric.label}</th>{series.upper && <th className="num">Expected</th>}{series.compare && <th className="num">{compareName}</th>}</tr></thead>
        <tbody>
          {series.time.map((at, i) => (
            <tr key={at}>
              <th scope="row">{date(at, zone)} {clock(at, zone)}</th>
              <td className="num">{say(series.actual[i], metric)}</td>
              {series.upper && <td className="num">{say(series.expected?.[i], metric)}</td>}
              {series.compare && <td className="num">{say(series.compare[i], metric)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
