import { useState } from "react";
import type { Change, ChangeRow, IncidentView, Metric } from "../../api/types";
import { Factors } from "../../components/change/Factors";
import { Parts } from "../../components/change/Parts";
import { Link } from "../../components/Link";
import { difference, money, parts, percent } from "../../lib/numbers";
import { sliceFilters, valueName } from "../../lib/slice";
import { href } from "../../lib/url";

const SHOWN = 8;

/** Which slices make up the difference: the combinations that were searched, then each dimension; and what it is a product of. */
export function Causes({ incident, why, metric }: { incident: IncidentView; why: Change; metric?: Metric }) {
  const [at, setAt] = useState("");
  const label = (name: string): string => metric?.dimensions.find((one) => one.name === name)?.label ?? name;
  const table = why.tables.find((one) => one.dimension === at);
  return (
    <>
      <h2 className="section">Causes <span className="faint">{heading(why)}</span></h2>
      <div className="tabline" role="tablist" aria-label="Dimension">
        {why.parts.length > 0 && <button role="tab" aria-selected={!table} onClick={() => setAt("")}>Combinations</button>}
        {why.tables.map((one) => <button key={one.dimension} role="tab" aria-selected={one === table} onClick={() => setAt(one.dimension)}>{label(one.dimension)}</button>)}
      </div>
      {table
        ? <CauseTable key={at} incident={incident} rows={table.rows} dimension={table.dimension} label={label(table.dimension)} />
        : <Parts change={why} metric={incident.metric} by={incident} within={incident.slice} />}
      <Factors change={why} />
    </>
  );
}

/** How sure it is, and what a ratio's change is made of. */
function heading(why: Change): string {
  const found = why.clear ? `Chance of this by accident: ${chance(why.p)}. ` : "No clear cause. ";
  const total = (why.rate ?? 0) + (why.mix ?? 0);
  if (why.rate === null || why.mix === null || Math.abs(total) < 1e-12) return found;
  return `${found}Rates explain ${percent(why.rate / total, 0)}, the mix ${percent(why.mix / total, 0)}.`;
}

function chance(p: number | null): string {
  return p === null ? "–" : p < 0.001 ? "below 0.1%" : percent(p, 1);
}

function CauseTable({ incident, rows, dimension, label }: { incident: IncidentView; rows: ChangeRow[]; dimension: string; label: string }) {
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
                <span>{worth !== null && stake ? money((row.difference ?? 0) * worth, stake.currency) : row.share === null || row.share === undefined ? "–" : percent(row.share, 0)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > shown.length && <button className="link more" onClick={() => setAll(true)}>{rows.length - shown.length} more</button>}
    </div>
  );
}
