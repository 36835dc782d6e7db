import type { RollupView } from "../../api/types";
import { date } from "../../lib/words";
import { partitionsSay, STATES } from "./says";

const MOST_SQUARES = 62;

/** A square a partition, in time; where there are many, a bar for those beside each other in the same state. */
export function Partitions({ rollup }: { rollup: RollupView }) {
  const words = partitionsSay(rollup);
  const squares = rollup.partitions <= MOST_SQUARES;
  const bad = rollup.refused !== null || rollup.stretches.some((one) => one.state === "quarantined");
  return (
    <>
      <span className="partitions" role="img" aria-label={`Partitions: ${words}`}>
        {rollup.stretches.map((one) => {
          const title = `${date(Date.parse(one.start), "UTC", false, true)} to ${date(Date.parse(one.end) - 1, "UTC", false, true)}: ${one.says ?? STATES.find(({ state }) => state === one.state)?.says ?? ""}`;
          if (squares) return Array.from({ length: one.partitions }, (_, at) => <i key={`${one.start} ${at}`} className={one.state} title={title} />);
          return <i key={one.start} className={one.state} title={title} style={{ flexGrow: one.partitions }} />;
        })}
        {rollup.partitions === 0 && <i className="none" title="not built" />}
      </span>
      <span className={`under ${bad ? "bad" : ""}`}>{words}</span>
    </>
  );
}

export function Legend({ rollups }: { rollups: RollupView[] }) {
  const seen = new Set(rollups.flatMap((one) => one.stretches.map(({ state }) => state)));
  return (
    <p className="partitions-legend">
      {STATES.filter(({ state }) => seen.has(state)).map(({ state, says }) => <span key={state}><i className={state} />{says}</span>)}
    </p>
  );
}
