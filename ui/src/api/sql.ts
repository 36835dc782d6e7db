/** Running SQL: rows arrive as lines of JSON while the query runs. */
import { ApiError, postRaw } from "./client";
import type { Column, Plan, Problem, Receipt } from "./types";

export interface SqlHead {
  query_id: string;
  columns: Column[];
  plan: Plan | null;
}

export interface SqlDone {
  rows: number;
  milliseconds: number;
  receipt: Receipt | null;
  /** With what came of each source; of a result that was kept, nothing did. */
  plan: Plan | null;
}

export interface SqlEvents {
  onHead: (head: SqlHead) => void;
  onRows: (rows: unknown[][]) => void;
  onDone: (done: SqlDone) => void;
}

type Line = Partial<SqlHead> & Partial<SqlDone> & { rows?: unknown[][] | number; done?: boolean; problem?: Problem & { status: number; problems: Problem[] } };

/** Ends when the last row is there; throws ApiError where the query fails, at the start or midway. */
export async function runSql(body: { text: string; zone: string; query_id: string }, events: SqlEvents, signal: AbortSignal): Promise<void> {
  const response = await postRaw("/sql", body, "application/x-ndjson", signal);
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest += value ?? "";
    const lines = rest.split("\n");
    rest = done ? "" : (lines.pop() ?? "");
    for (const line of lines) if (line.trim()) take(JSON.parse(line) as Line, events, body.query_id);
    if (done) return;
  }
}

function take(line: Line, events: SqlEvents, id: string): void {
  if (line.problem) throw new ApiError(line.problem.status, line.problem.problems, id);
  if (line.columns) events.onHead({ query_id: line.query_id ?? id, columns: line.columns, plan: line.plan ?? null });
  if (Array.isArray(line.rows)) events.onRows(line.rows);
  if (line.done) events.onDone({ rows: Number(line.rows), milliseconds: line.milliseconds ?? 0, receipt: line.receipt ?? null, plan: line.plan ?? null });
}

/** The result as a file. It is run again, so that all rows come and types are kept. */
export async function downloadSql(text: string, zone: string, kind: "csv" | "parquet"): Promise<void> {
  const accept = kind === "csv" ? "text/csv" : "application/vnd.apache.parquet";
  const response = await postRaw("/sql", { text, zone }, accept);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = `result.${kind}`;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
