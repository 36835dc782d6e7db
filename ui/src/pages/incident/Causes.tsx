import { useState } from "react";
import type { CauseRow, IncidentView, Metric } from "../../api/types";
import { Link } from "../../components/Link";
import { difference, money, parts, percent } from "../../lib/numbers";
import { sliceFilters, valueName } from "../../lib/slice";
import { href } from "../../lib/url";

const SHOWN = 8;

/** Which slices make up the difference; a tab for each dimension, the most telling first. */
export function Causes({ incident, metric }: { incident: IncidentView; metric?: Metric }) {
  const [at, setAt] = useState(0);
  const cause = incident.causes[at];
  if (!cause) return null;
  const label = (name: string): string => metric?.dimensions.find((one) => one.name === name)?.label ?? name;
  return (
    <>
      <h2 className="section">Causes <span className="faint">{incident.cause?.clear ? "" : "No clear cause. "}Slices by what they add to the difference.</span></h2>
      <div className="tabline" role="tablist" aria-label="Dimension">
        {incident.causes.map((one, i) => <button key={one.dimension} role="tab" aria-selected={i === at} onClick={() => setAt(i)}>{label(one.dimension)}</button>)}
      </div>
      <CauseTable incident={incident} rows={cause.rows} dimension={cause.dimension} label={label(cause.dimension)} />
    </>
  );
}

function CauseTable({ incident, rows, dimension, label }: { incident: IncidentView; rows: CauseRow[]; dimension: string; label: string }) {
  const [all, setAll] = useState(false);
  const shown = all ? rows : rows.slice(0, SHOWN);
  const rates = rows.some((row) => row.before_rate !== undefined && row.before_rate !== null);
  const split = rows.some((row) => row.rate !== undefined && row.rate !== null);
  const most = Math.max(...rows.map((row) => Math.abs(row.difference ?? 0)), 1e-12);
  const stake = incident.at_stake;
  const worth = stake && incident.difference ? stake.amount / incident.difference : null;
  const rate = (value: number | null | undefined): string => (value === null || value === undefined ? "–" : percent(value));
  const points = (value: number | null | undefined): string => difference(value, { unit: "", format: "percent" }).replace(" pp", "");
  return (
    <div className="causes">
      <table>
        <thead>
          <tr>
            <th>{label}</th><th className="num">Actual</th><th className="num">Expected</th><th className="num">Difference</th>
            {rates && <><th className="num extra">Before</th><th className="num extra">After</th></>}
            {split && <><th className="num extra">Rate, pp</th><th className="num extra">Mix, pp</th></>}
            <th className="num part">{worth === null ? "Share" : "Money"}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={String(row.value)}>
              <th scope="row"><Link href={href(`/metrics/${incident.metric}`, { f: sliceFilters({ ...incident.slice, [dimension]: row.value }) })}>{row.label ?? valueName(row.value)}</Link></th>
              <td className="num">{parts(row.actual, incident).text}</td>
              <td className="num faint">{parts(row.expected, incident).text}</td>
              <td className="num">{difference(row.difference, { ...incident, unit: "" })}</td>
              {rates && <><td className="num faint extra">{rate(row.before_rate)}</td><td className="num extra">{rate(row.after_rate)}</td></>}
              {split && <><td className="num extra">{points(row.rate)}</td><td className="num extra">{points(row.mix)}</td></>}
              <td className="part">
                <i className="bar" style={{ width: (90 * Math.abs(row.difference ?? 0)) / most }} />
                <span>{worth !== null && stake ? money((row.difference ?? 0) * worth, stake.currency) : row.share === null ? "–" : percent(row.share, 0)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > shown.length && <button className="link more" onClick={() => setAll(true)}>{rows.length - shown.length} more</button>}
    </div>
  );
}
