/** The JSON of Lapwing's HTTP API, as the server's OpenAPI document describes it. Times in series are UTC epoch
 * milliseconds; everywhere else they are ISO 8601 texts. */

export type Value = string | number | boolean | null;
export type Slice = Record<string, Value>;
export type Better = "up" | "down" | null;

export interface Project {
  name: string;
  timezone: string;
  week_start: number;
  now: string;
  pinned: boolean;
  data_until: string | null;
  datasets: string[];
  version: string;
  time_zones: string[];
}

/** What is needed to write a value of a metric in words. */
export interface Measured {
  unit: string | null;
  format: string;
}

export interface Metric extends Measured {
  name: string;
  short: string;
  dataset: string;
  label: string;
  description: string;
  kind: string;
  better: Better;
  value: number | null;
  currency: string | null;
  additive: boolean;
  dimensions: { name: string; label: string; names?: string | null }[];
  following: boolean;
  definition: { text: string; file: string | null; line: number | null; hash: string };
  owner: string | null;
}

export interface Filter {
  dimension: string;
  values: Value[];
  exclude: boolean;
}

export interface QueryBody {
  metrics: string[];
  by?: string[];
  grain?: string | null;
  start?: string | null;
  end?: string | null;
  zone?: string;
  filters?: Filter[];
  order?: { name: string; descending: boolean }[];
  limit?: number;
}

export interface Column {
  name: string;
  type: string;
  label?: string;
}

export interface Answer {
  columns: Column[];
  rows: number;
  data: Record<string, Value[]>;
  receipt: Receipt;
}

export interface Receipt {
  id: string;
  asked: string;
  start: string | null;
  end: string | null;
  zone: string;
  grain: string | null;
  pieces: { by: string; name: string; keys: number; rows: number; bytes: number; sql: string | null; versions: string[] }[];
  considered: { rollup: string; chosen: boolean; reasons: { check: string; passed: boolean; says: string }[] }[];
  data_until: string | null;
  missing: [string, string][];
  bounds: Record<string, string>;
  definitions: Record<string, string>;
  milliseconds: Record<string, number>;
  notes: string[];
  partial: boolean;
  exact: boolean;
}

export interface Band {
  time: number[];
  expected: (number | null)[];
  lower: (number | null)[];
  upper: (number | null)[];
  ready: boolean;
  says: string;
}

export interface Problem {
  code: string;
  message: string;
  place?: { file?: string; line?: number; column?: number; key?: string };
  nearest?: string[];
  hint?: string;
}

export interface IncidentChart {
  time: number[];
  actual: (number | null)[];
  expected: (number | null)[];
  lower: (number | null)[];
  upper: (number | null)[];
  outside: boolean[];
  until: number;
}

export interface Incident {
  id: string;
  monitor: string;
  metric: string;
  label: string;
  unit: string | null;
  format: string;
  better: Better;
  slice: Slice;
  state: "open" | "resolved";
  opened: string;
  known_at: string;
  resolved: string | null;
  actual: number | null;
  expected: number | null;
  lower: number | null;
  upper: number | null;
  difference: number | null;
  at_stake: { amount: number; currency: string } | null;
  cause: { says: string; slice: Slice | null; share: number | null; clear: boolean } | null;
  chart: IncidentChart;
  events: Happening[];
}

/** A named stretch of time from the project's calendar. */
export interface Happening {
  name: string;
  start: string;
  end: string;
}

export interface CauseRow {
  value: Value;
  label?: string;
  actual: number | null;
  expected: number | null;
  difference: number | null;
  share: number | null;
  before_rate?: number | null;
  after_rate?: number | null;
  rate?: number | null;
  mix?: number | null;
}

export interface IncidentView extends Incident {
  story: { at: string; kind: string; says: string }[];
  causes: { dimension: string; rows: CauseRow[] }[];
  related: { metric: string; label: string; says: string; series: (number | null)[] }[];
  receipt: Receipt | null;
}

export interface Watched extends Measured {
  monitor: string;
  metric: string;
  label: string;
  slice: Slice;
  value: number | null;
  series: (number | null)[];
  time: number[];
  expected?: (number | null)[];
  lower?: (number | null)[];
  upper?: (number | null)[];
}

export interface Board {
  as_of: string;
  now: string;
  pinned: boolean;
  data_until: string | null;
  followed: number;
  incidents: Incident[];
  quiet: Watched[];
  resolved: { id: string; label: string; slice: Slice; resolved: string }[];
  next_check: string | null;
  last_check: string | null;
  days: { day: string; open: number }[];
  watching: { metrics: number; series: number };
  troubles: { monitor: string; says: string }[];
  judging: string[]; // monitors whose history is still being judged, so the board may lack some of theirs
}

export interface PlanScan {
  id: number | string;
  source: string;
  kind: string;
  table: string;
  rows_estimated: number | null;
  rows?: number | null;
  bytes?: number | null;
  milliseconds?: number | null;
  pushed: string[];
  kept: { text: string; reason: string }[];
  sql: string;
}

export interface Plan {
  steps: { name: string; detail: string; rows?: number | null; ms?: number | null }[];
  scans: PlanScan[];
}

export interface QueryState {
  id: string;
  state: "running" | "done" | "failed" | "cancelled";
  stage: string | null;
  rows: number;
  bytes: number;
  fraction: number | null;
  milliseconds: number;
}

export interface Completions {
  tables: { name: string; kind: string; description: string | null; columns: Column[] }[];
  functions: (string | { name: string })[];
  metrics: (string | { name: string })[];
}

export interface CatalogTable {
  path: string;
  source: string;
  rows: number | null;
  bytes: number | null;
  columns: Column[];
  description: string | null;
}

export interface CatalogDataset {
  name: string;
  label: string;
  description: string | null;
  owner: string | null;
  table: string | null;
  time: string | null;
  dimensions: string[];
  metrics: string[];
  rows?: number | null;
  data_until: string | null;
}

export interface CatalogRollup {
  name: string;
  dataset: string;
  grain: string;
  dimensions: string[];
  measures: string[];
  partitions: number;
  cells: number;
  bytes: number;
  built_at: string | null;
  data_until: string | null;
  stale: boolean;
}

export interface Catalog {
  sources: { name: string; type: string; state: "ok" | "failed"; problem?: Problem | string; tables: number }[];
  tables: CatalogTable[];
  datasets: CatalogDataset[];
  metrics: Metric[];
  rollups: CatalogRollup[];
}

export interface MonitorView {
  name: string;
  metric: string;
  slice?: Slice;
  grain?: string;
  by?: string[];
}
