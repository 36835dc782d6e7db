import { lazy, Suspense, useState } from "react";
import { downloadSql } from "../../api/sql";
import { Trouble } from "../../components/Trouble";
import { plural } from "../../lib/words";
import { chartable } from "./chartable";
import { ResultTable } from "./ResultTable";
import type { Run } from "./useRun";

const ResultChart = lazy(() => import("./ResultChart"));

export function Results({ run, zone }: { run: Run; zone: string }) {
  const [tab, setTab] = useState<"table" | "chart">("table");
  const [trouble, setTrouble] = useState<Error | null>(null);
  if (!run.columns.length) return <p className="sql-empty">{run.state === "running" ? "" : "The result comes here. Ctrl Enter runs what is written above."}</p>;
  const download = (kind: "csv" | "parquet"): void => {
    setTrouble(null);
    downloadSql(run.text, zone, kind).catch(setTrouble);
  };
  const shape = chartable(run.columns, run.rows);
  return (
    <>
      <div className="result-bar">
        <b>{plural(run.rows.length, "row")}</b>
        {run.state === "running" && <span className="faint">more are arriving</span>}
        <div className="tabset" role="tablist" aria-label="Result as">
          <button role="tab" aria-selected={tab === "table"} onClick={() => setTab("table")}>Table</button>
          <button role="tab" aria-selected={tab === "chart"} disabled={!shape} title={shape ? "" : "A chart needs a name or a time, and a number"} onClick={() => setTab("chart")}>Chart</button>
        </div>
        <span className="right">
          <button className="plain" onClick={() => download("csv")}>CSV</button>
          <button className="plain" onClick={() => download("parquet")}>Parquet</button>
          <button className="plain" onClick={() => void navigator.clipboard?.writeText([run.columns.map((c) => c.name), ...run.rows].map((row) => row.join("\t")).join("\n"))}>Copy</button>
        </span>
      </div>
      {trouble && <div className="sql-trouble"><Trouble error={trouble} /></div>}
      {tab === "chart" && shape ? <Suspense><ResultChart shape={shape} zone={zone} /></Suspense> : <ResultTable columns={run.columns} rows={run.rows} />}
    </>
  );
}
