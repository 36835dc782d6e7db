import type { Refreshing, RollupView } from "../../api/types";
import { Link } from "../../components/Link";
import { bytes, count, short } from "../../lib/numbers";
import { href } from "../../lib/url";
import { moment, plural } from "../../lib/words";
import { Legend, Partitions } from "./Partitions";
import { ago, lateSays } from "./says";

interface Props {
  rollups: RollupView[];
  zone: string;
  chosen: number;
  onChoose: (at: number) => void;
  building: Refreshing[];
  onBuild: (name: string) => void;
}

export function RollupTable({ rollups, zone, chosen, onChoose, building, onBuild }: Props) {
  const most = Math.max(1, ...rollups.map((one) => one.answers));
  return (
    <>
      <div className="rollups-box" tabIndex={0} role="region" aria-label="Rollups">
        <table className="rollups">
          <thead>
            <tr><th>Rollup</th><th>Partitions</th><th>Fresh as of</th><th className="num">Size</th><th className="num">Cells</th><th className="num">Answers</th><th className="num">Not read</th><th><span className="hidden">Build</span></th></tr>
          </thead>
          <tbody>
            {rollups.map((one, at) => (
              <tr key={one.name} aria-current={at === chosen ? "true" : undefined} onClick={() => onChoose(at)}>
                <th scope="row">
                  <Link href={href("/catalog", { kind: "rollups", name: one.name })}>{one.name}</Link>
                  <span className="under" title={one.dimensions.join(", ")}>{one.grain}{one.dimensions.length ? `; ${one.dimensions.join(", ")}` : "; no dimensions"}</span>
                </th>
                <td className="in-time"><Partitions rollup={one} /></td>
                <td><Fresh rollup={one} zone={zone} /></td>
                <td className="num">{bytes(one.bytes)}{one.past_versions > 0 && <span className="under">and {plural(one.past_versions, "past version")}</span>}</td>
                <td className="num">{short(one.cells)}</td>
                <td className="num hit">{count(one.answers)}<i className="bar" style={{ width: (56 * one.answers) / most }} /></td>
                <td className="num">{bytes(one.bytes_saved)}</td>
                <td className="num">{one.follows === null && <button className="button" aria-label={`Build ${one.name}`} disabled={building.some((run) => run.dataset === one.dataset)} onClick={(event) => { event.stopPropagation(); onBuild(one.name); }}>Build</button>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Legend rollups={rollups} />
    </>
  );
}

/** Of which moment it is, and what was promised. */
function Fresh({ rollup, zone }: { rollup: RollupView; zone: string }) {
  if (rollup.follows !== null) return <>as {rollup.follows.split(".").at(-1)}<span className="under">folded from it</span></>;
  const at = rollup.as_of === null ? null : Date.parse(rollup.as_of);
  const due = rollup.due === null ? "" : Date.parse(rollup.due) <= Date.now() ? ", due now" : `, next look in ${wait(Date.parse(rollup.due) - Date.now())}`;
  return (
    <>
      <span title={at === null ? undefined : moment(at, zone, true)}>{at === null ? "never" : ago(at)}</span>
      {rollup.late && <b className="bad"> {lateSays(rollup)}</b>}
      {rollup.arrives !== null && <span className="under">{rollup.arrives}</span>}
      <span className="under">{rollup.freshness === null ? "no promise" : `promised: ${rollup.freshness}${due}`}</span>
    </>
  );
}

function wait(ms: number): string {
  return ms < 90_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}
