import { useCallback, useEffect, useRef, useState } from "react";
import { get, remove } from "../../api/client";
import { runSql, type SqlDone } from "../../api/sql";
import type { Column, Plan, QueryState } from "../../api/types";

export interface Run {
  state: "idle" | "running" | "done" | "failed" | "cancelled";
  id: string;
  text: string;
  began: number;
  columns: Column[];
  rows: unknown[][];
  plan: Plan | null;
  done: SqlDone | null;
  error: Error | null;
  progress: QueryState | null;
}

const IDLE: Run = { state: "idle", id: "", text: "", began: 0, columns: [], rows: [], plan: null, done: null, error: null, progress: null };

/** One query at a time: run, watch how far it is, cancel. The old result stays until the first line of the new one, or its error. */
export function useRun(zone: string): { run: Run; start: (text: string) => void; cancel: () => void } {
  const [run, setRun] = useState<Run>(IDLE);
  const abort = useRef<AbortController | null>(null);
  const patch = useCallback((id: string, change: (old: Run) => Partial<Run>): void => {
    setRun((old) => (old.id === id ? { ...old, ...change(old) } : old));
  }, []);

  const start = useCallback((text: string): void => {
    abort.current?.abort();
    const stop = new AbortController();
    abort.current = stop;
    const id = `q_${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
    setRun((old) => ({ ...old, state: "running", id, text, began: performance.now(), done: null, error: null, progress: null }));
    const rows: unknown[][] = [];
    runSql({ text, zone, query_id: id }, {
      onHead: (head) => patch(id, () => ({ columns: head.columns, plan: head.plan, rows })),
      onRows: (more) => { for (const row of more) rows.push(row); patch(id, () => ({ rows: rows.slice(0) })); },
      onDone: (done) => patch(id, (old) => ({ state: "done", done, rows, plan: done.plan ?? old.plan })),
    }, stop.signal).then(
      () => patch(id, (old) => (old.state === "running" ? { state: "done" } : {})),
      (error: Error) => patch(id, (old) => (old.state === "cancelled" || error.name === "AbortError" ? { state: "cancelled" } : { state: "failed", error, rows: old.done ? old.rows : [], columns: [], plan: null })),
    );
  }, [zone, patch]);

  const cancel = useCallback((): void => {
    setRun((old) => {
      if (old.state !== "running") return old;
      void remove(`/queries/${old.id}`).catch(() => undefined).finally(() => abort.current?.abort());
      return { ...old, state: "cancelled" };
    });
  }, []);

  const { state, id } = run;
  useEffect(() => {
    if (state !== "running") return;
    const timer = window.setInterval(() => {
      get<QueryState>(`/queries/${id}`).then((progress) => patch(id, () => ({ progress })), () => undefined);
    }, 400);
    return () => window.clearInterval(timer);
  }, [state, id, patch]);
  useEffect(() => () => abort.current?.abort(), []);
  return { run, start, cancel };
}
