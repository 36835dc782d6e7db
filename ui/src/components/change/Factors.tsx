import type { Change, ChangeFactor } from "../../api/types";
import { percent } from "../../lib/numbers";
import { href } from "../../lib/url";
import { Link } from "../Link";
import "./change.css";

/** What the metric is a product of, and how much of the change each factor explains; they add up to it. */
export function Factors({ change }: { change: Change }) {
  if (!change.factors.length) return null;
  const most = Math.max(...change.factors.map((one) => Math.abs(one.share ?? 0)), 1e-12);
  return (
    <section className="factors" aria-label="Factors">
      <h3 className="section">Made of <span className="faint">{change.formula}</span></h3>
      <table>
        <tbody>
          {change.factors.map((one) => (
            <tr key={one.metric}>
              <th scope="row"><Link href={href(`/metrics/${one.metric}`)}>{one.label}</Link></th>
              <td className="num">{moved(one)}</td>
              <td className="part"><i className="bar" style={{ width: (60 * Math.abs(one.share ?? 0)) / most }} /><span>{one.share === null ? "–" : percent(one.share, 0)}</span></td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Its own change, relative to what was before. */
function moved({ before, after }: ChangeFactor): string {
  const change = after / before - 1;
  if (!Number.isFinite(change) || Math.abs(change) < 0.0005) return "0%";
  return `${change < 0 ? "−" : "+"}${(Math.abs(change) * 100).toFixed(Math.abs(change) < 0.1 ? 1 : 0)}%`;
}
