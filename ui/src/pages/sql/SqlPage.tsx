import { useEffect, useMemo, useRef, useState } from "react";
import { post } from "../../api/client";
import { useCatalog, useCompletions } from "../../api/hooks";
import type { Plan } from "../../api/types";
import { Trouble } from "../../components/Trouble";
import { useKeys } from "../../lib/keys";
import { useMoment } from "../../lib/moment";
import { changed, go, usePlace } from "../../lib/url";
import { Editor } from "./Editor";
import { formatSql } from "./format";
import { PlanPanel, tableName } from "./PlanPanel";
import { Results } from "./Results";
import { RunBar } from "./RunBar";
import { TablesPanel } from "./TablesPanel";
import { spotOf } from "./mistake";
import { example } from "./example";
import { useRun, type Run } from "./useRun";
import "./sql.css";

const KEPT = "lapwing.sql";
const RAN: Partial<Record<Run["state"], string>> = { running: "Running", cancelled: "Cancelled" };

export default function SqlPage() {
  const { zone } = useMoment();
  const { search } = usePlace();
  const known = useCompletions().data;
  const catalog = useCatalog().data;
  const [text, setText] = useState(() => search.get("q") ?? localStorage.getItem(KEPT) ?? "");
  const { run, start, cancel } = useRun(zone);
  const [asked, setAsked] = useState<Plan | null>(null);
  const [drawer, setDrawer] = useState(true);
  const [trouble, setTrouble] = useState<Error | null>(null);
  useEffect(() => { document.title = "SQL · Lapwing"; }, []);
  useEffect(() => { if (text) localStorage.setItem(KEPT, text); }, [text]);
  const write = useRef<(text: string) => void>(() => undefined);
  useEffect(() => { if (catalog) setText((written) => written || example(catalog)); }, [catalog]);
  const begin = (): void => {
    if (!text.trim()) return;
    setAsked(null);
    setTrouble(null);
    start(text);
    go(changed({ q: text.length < 3000 ? text : null }), true);
  };
  const plan = (): void => {
    setTrouble(null);
    setDrawer(true);
    post<{ plan: Plan }>("/sql/plan", { text, zone }).then((answer) => setAsked(answer.plan), (error: Error) => { setAsked(null); setTrouble(error); });
  };
  useKeys({
    Escape: () => { if (run.state === "running") cancel(); },
    p: plan,
  });
  const failure = trouble ?? (run.state === "failed" ? run.error : null);
  const shown = trouble ? null : asked ?? run.plan;
  const mistake = useMemo(() => spotOf(failure), [failure]);
  const tables = useMemo(() => shown?.scans.map(tableName) ?? [], [shown]);
  return (
    <div className={`sql-page ${(drawer && shown) || (!shown && known) ? "with-plan" : ""}`}>
      <h1 className="hidden">SQL</h1>
      <section className="work" aria-label="Query">
        <Editor text={text} known={known} tables={tables} mistake={mistake} onChange={setText} onRun={begin} onReady={(writer) => { write.current = writer; }} />
        <RunBar run={run} zone={zone} onRun={begin} onPlan={plan} onFormat={() => setText(formatSql(text))} onCancel={cancel} />
        {failure ? <div className="sql-trouble"><Trouble error={failure} /></div> : <Results run={run} zone={zone} />}
      </section>
      {drawer && shown && <PlanPanel plan={shown} state={asked ? "Before running" : RAN[run.state] ?? "As it ran"} onClose={() => setDrawer(false)} />}
      {!shown && known && <TablesPanel known={known} onPick={(name) => write.current(name)} />}
    </div>
  );
}
