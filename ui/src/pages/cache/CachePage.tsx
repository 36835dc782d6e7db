import { useEffect, useState } from "react";
import { useBuild, useRefreshing, useRollups } from "../../api/hooks";
import type { Rollups } from "../../api/types";
import { Trouble, Waiting } from "../../components/Trouble";
import { useKeys } from "../../lib/keys";
import { useMoment } from "../../lib/moment";
import { list } from "../../lib/words";
import { Elsewhere } from "./Elsewhere";
import { Head } from "./Head";
import { LastRuns } from "./LastRuns";
import { Misses } from "./Misses";
import { RollupTable } from "./RollupTable";
import { Results } from "./Results";
import { Running } from "./Running";
import { lateSays } from "./says";
import "./cache.css";

export function CachePage() {
  const rollups = useRollups();
  useEffect(() => { document.title = "Cache · Lapwing"; }, []);
  if (rollups.isError && !rollups.data) return <><h1>Cache</h1><Trouble error={rollups.error} onRetry={() => void rollups.refetch()} /></>;
  if (!rollups.data) return <><h1>Cache</h1><Waiting height={420} label="Asking the sources what changed" /></>;
  return <Loaded cache={rollups.data} />;
}

function Loaded({ cache }: { cache: Rollups }) {
  const { zone } = useMoment();
  const running = useRefreshing().data?.running ?? [];
  const build = useBuild();
  const [chosen, setChosen] = useState(0);
  const { rollups } = cache;
  const at = Math.min(chosen, rollups.length - 1);
  const move = (by: number) => (): void => {
    const next = Math.max(0, Math.min(rollups.length - 1, at + by));
    setChosen(next);
    document.querySelectorAll(".rollups tbody tr")[next]?.scrollIntoView({ block: "nearest" });
  };
  const buildOne = (name: string | null): void => build.mutate(name);
  const here = rollups[at];
  useKeys({ j: move(1), k: move(-1), b: () => here && buildOne(here.follows ?? here.name) }, rollups.length > 0);
  if (!rollups.length) {
    return (
      <div className="cache-page">
        <h1>There are no rollups yet</h1>
        <p className="sub">A rollup keeps aggregates ready, so that metrics are answered without reading rows. Write one under <code className="mono">rollups</code> of a dataset, such as <code className="mono">main: {"{"}grain: hour, dimensions: [shop]{"}"}</code>; then run <code className="mono">lapwing build</code>.</p>
        <Results zone={zone} />
      </div>
    );
  }
  const late = rollups.filter((one) => one.late);
  return (
    <div className="cache-page">
      <Head cache={cache} zone={zone} busy={running.length > 0} onBuild={() => buildOne(null)} />
      {late.length > 0 && (
        <p className="notice" role="status">
          <b>{list(late.map((one) => `${one.name} is ${lateSays(one)}`))}.</b>{" "}
          {cache.keeps_promises ? "The last runs below tell why." : "This server was told to leave keeping promises to others."}
        </p>
      )}
      {build.isError && <Trouble error={build.error} />}
      <Running running={running} />
      <Elsewhere zone={zone} />
      <RollupTable rollups={rollups} zone={zone} chosen={at} onChoose={setChosen} building={running} onBuild={buildOne} />
      <div className="cache-below">
        <Misses cache={cache} />
        <LastRuns zone={zone} />
      </div>
      <Results zone={zone} />
    </div>
  );
}
