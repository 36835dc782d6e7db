import type { Change, Measured, Slice } from "../../api/types";
import { difference, money, parts, percent } from "../../lib/numbers";
import { sliceFilters } from "../../lib/slice";
import { href } from "../../lib/url";
import { Link } from "../Link";
import "./change.css";

interface Props {
  change: Change;
  metric: string;
  by: Measured;
  within: Slice;
}

/** The slices that were found, over all combinations of dimensions: the answer first, then what came near. */
export function Parts({ change, metric, by, within }: Props) {
  const most = Math.max(...change.parts.map((one) => Math.abs(one.share ?? 0)), 1e-12);
  const ratio = change.rate !== null;
  const stake = change.at_stake;
  const plain = { unit: "", format: ratio ? "" : by.format };
  if (!change.parts.length) return <p className="sub">{change.says}</p>;
  return (
    <div className="causes change">
      <table>
        <thead>
          <tr>
            <th>Slice</th><th className="num">Actual</th><th className="num">Expected</th><th className="num extra">Of the whole</th>
            {ratio && <><th className="num extra">Rate, pp</th><th className="num extra">Mix, pp</th></>}
            <th className="num part">{stake ? "Money" : "Share of change"}</th>
          </tr>
        </thead>
        <tbody>
          {change.parts.map((one) => (
            <tr key={one.name} className={one.chosen ? "found" : ""}>
              <th scope="row" title={one.name}>
                {one.chosen && change.clear && <span className="mark" title="A cause">●</span>}
                <Link href={href(`/metrics/${metric}`, { f: sliceFilters({ ...within, ...one.slice }) })}>{one.name}</Link>
              </th>
              <td className="num">{parts(one.actual, plain).text}</td>
              <td className="num faint">{parts(one.expected, plain).text}</td>
              <td className="num faint extra">{percent(one.size, 0)}</td>
              {ratio && <><td className="num extra">{points(one.rate, by)}</td><td className="num extra">{points(one.mix, by)}</td></>}
              <td className="part">
                <i className="bar" style={{ width: (60 * Math.abs(one.share ?? 0)) / most }} />
                <span>{stake && one.money !== null ? money(one.money, stake.currency) : one.share === null ? "–" : percent(one.share, 0)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="faint small">{change.searched.toLocaleString("en-US")} slices searched in {Math.max(1, Math.round(change.milliseconds))} ms. {change.clear ? "● marks a cause; the others moved, too." : "None explains it; these moved most."}</p>
    </div>
  );
}

/** A part of a ratio's change: points of a share, else in the metric's unit. */
function points(value: number | null, by: Measured): string {
  return difference(value, { ...by, unit: "" }).replace(" pp", "");
}
