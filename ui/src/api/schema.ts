/** The JSON of Lapwing's HTTP API. Made by `python -m tools.api_types` from its OpenAPI document. Do not edit. */

/** What an incident of kind data is of: `check` is stale, late, volume, schema, values, builds or audit; the data of [start, end) (null: from then on) is in doubt. */
export interface AboutData {
  check: string;
  dataset: string;
  start: string;
  end: string | null;
  says: string;
}

export interface Acknowledged {
  at: string;
  who: string;
}

/** What `who` does to an incident. `to` of assign (empty: nobody), `until` of snooze (any time text, such as now+4h); `text` is the comment, or said with another action. useful and not_useful are a person's vote, of which the last one holds; take_back is none. */
export interface ActionBody {
  action: "acknowledge" | "assign" | "snooze" | "comment" | "accept" | "reopen" | "resolve" | "useful" | "not_useful" | "take_back";
  who: string;
  to?: string;
  until?: string | null;
  text?: string;
}

/** What was raised in the last `weeks`, and what people said of it. `taken_back`: later data showed none, and nobody said anything. `budget` is how many a week were allowed; null: any number. */
export interface Alarms {
  weeks: number;
  budget: number | null;
  raised: number;
  per_week: number;
  useful: number;
  not_useful: number;
  taken_back: number;
  no_word: number;
}

/** Of a rollup's partitions, how many were looked at as they are now, and found equal; `oldest` is the look longest ago, null where some never were. */
export interface AuditCoverage {
  rollup: string;
  partitions: number;
  looked: number;
  equal: number;
  oldest: string | null;
}

/** A cell whose state is another one at the source: the value kept and the source's. `says` tells where the values are alike and the states are not, or where one side has no such cell. Values of `top` are lists. */
export interface AuditDifference {
  measure: string;
  group: Record<string, string | number | boolean | null>;
  start: string;
  end: string;
  kept: unknown;
  source: unknown;
  says: string;
}

export interface AuditDocument {
  incidents: AuditIncident[];
  rollups: AuditCoverage[];
}

/** A partition that differed from its source, both as of one moment. While it is open, `hint` says what to do. `builder` is host/process; `differences` are the first of `differing` cells, of `cells` compared; `times` counts versions of it that differed. */
export interface AuditIncident {
  id: string;
  state: "open" | "resolved";
  rollup: string;
  start: string;
  end: string;
  says: string;
  hint: string | null;
  version: number;
  builder: string;
  built_at: string;
  source_mark: string;
  looked_at: AuditSlice;
  cells: number;
  differing: number;
  differences: AuditDifference[];
  times: number;
  opened: string;
  seen: string;
  resolved: string | null;
  resolution: string | null;
}

/** The part of a partition that was compared: its time, and of its groups part `part` of `parts`. */
export interface AuditSlice {
  start: string;
  end: string;
  part: number;
  parts: number;
}

/** What following would have raised from `since` to `until`, `weeks` long (null and 0: too little history to judge anything). `incidents` are the latest of the `fired`. `budget`: of the alarms a week that all monitors together may raise, what this would have beside those that there are (null: any number), and `held` how many more than `fired` that held back (null where every slice is watched). Where every slice is watched, `small` is how many have too little support, and `unread` which dimensions together have too many slices to be read. */
export interface Backtest {
  metric: string;
  grain: string;
  by: string[];
  slice: Record<string, string | number | boolean | null>;
  sensitivity: number;
  min_change: number | null;
  series: number;
  small: number | null;
  unread: string[];
  since: string | null;
  until: string | null;
  weeks: number;
  fired: number;
  per_week: number;
  budget: number | null;
  held: number | null;
  choices: Choice[];
  incidents: Fired[];
}

/** One value a bucket. `ready` is false while there is too little history; `says` why. */
export interface Band {
  time: number[];
  expected: (number | null)[];
  lower: (number | null)[];
  upper: (number | null)[];
  ready: boolean;
  says: string;
}

/** What would be usual: `filters` must be equalities of one value each. */
export interface BandBody {
  metric: string;
  filters?: FilterBody[];
  grain: string;
  start?: string | null;
  end?: string | null;
  zone?: string | null;
}

/** What was open at `as_of`. `days`: how many were open on each day, for going back in time. `judging`: monitors whose history is being judged at the moment, so that what they will show is not here yet, or of older data. */
export interface Board {
  as_of: string;
  now: string;
  pinned: boolean;
  data_until: string | null;
  followed: number;
  incidents: Incident[];
  quiet: Watched[];
  snoozed: Snoozed[];
  resolved: Resolved[];
  next_check: string | null;
  last_check: string | null;
  days: Day[];
  watching: Watching;
  judging: string[];
  troubles: Trouble[];
}

export interface CatalogDocument {
  sources: SourceDocument[];
  tables: TableDocument[];
  datasets: DatasetDocument[];
  metrics: MetricDocument[];
  rollups: RollupDocument[];
  monitors: MonitorDocument[];
}

/** `slice` is the first cause, `share` the part of the difference that all causes have; both are known where it is `clear`. `p`: how likely chance alone does as well; of a cause that is clear by its share, a bound on that. */
export interface Cause {
  says: string;
  slice: Record<string, string | number | boolean | null> | null;
  share: number | null;
  clear: boolean;
  p: number | null;
}

/** Why a metric changed. `rate`, `mix`: how a ratio's change divides over what happened inside slices and which of them grew. `before`: the stretches of which what was expected was made. `parts` are slices, the best first; `tables` have those of each dimension. `searched`: how many slices were looked at, in `milliseconds`. */
export interface Change {
  says: string;
  slice: Record<string, string | number | boolean | null> | null;
  share: number | null;
  clear: boolean;
  p: number | null;
  actual: number | null;
  expected: number | null;
  difference: number | null;
  rate: number | null;
  mix: number | null;
  at_stake: Stake | null;
  parts: ChangePart[];
  tables: ChangeTable[];
  formula: string;
  factors: ChangeFactor[];
  beside: Neighbour[];
  events: Happening[];
  before: Span[];
  searched: number;
  milliseconds: number;
}

/** A metric that the changed one is a product of, or divided by. The `part`s of all of them add up to the change. */
export interface ChangeFactor {
  metric: string;
  label: string;
  before: number;
  after: number;
  part: number;
  share: number | null;
  divides: boolean;
}

/** A slice that may be a cause: `chosen` ones are the answer, others came near. `share` is its part of the change, `size` of the whole before; `money` its part of what is at stake. */
export interface ChangePart {
  slice: Record<string, string | number | boolean | null>;
  name: string;
  chosen: boolean;
  share: number | null;
  size: number;
  p: number;
  actual: number;
  expected: number;
  difference: number;
  rate: number | null;
  mix: number | null;
  money: number | null;
}

/** A slice of a dimension. Of a ratio, amounts are numerators, and `rate` + `mix` add up to the change of the whole. */
export interface ChangeRow {
  value: string | number | boolean | null;
  label?: string | null;
  actual: number | null;
  expected: number | null;
  difference: number | null;
  share?: number | null;
  size: number;
  before_rate?: number | null;
  after_rate?: number | null;
  rate?: number | null;
  mix?: number | null;
}

export interface ChangeTable {
  dimension: string;
  label: string;
  rows: ChangeRow[];
}

/** A way by which incidents are told. `to` is what may be shown of where it leads; `subscriptions` use it. */
export interface ChannelDocument {
  name: string;
  type: "email" | "webhook" | "apprise";
  to: string[];
  subscriptions: string[];
}

export interface Channels {
  channels: ChannelDocument[];
  subscriptions: SubscriptionDocument[];
}

/** `until`: data after it was not known yet. */
export interface Chart {
  time: number[];
  actual: (number | null)[];
  expected: (number | null)[];
  lower: (number | null)[];
  upper: (number | null)[];
  outside: boolean[];
  until: number;
}

/** How many it would have been at another sensitivity. */
export interface Choice {
  sensitivity: number;
  fired: number;
  per_week: number;
}

/** `type` is boolean, integer, decimal, float, text, date, time, timestamp, timestamptz, or Arrow's own name. */
export interface ColumnDocument {
  name: string;
  type: string;
  label?: string | null;
}

export interface Comment {
  at: string;
  who: string;
  text: string;
}

export interface CompletionTable {
  name: string;
  kind: string;
  description: string;
  columns: TableColumn[];
}

/** What may be written in a statement. */
export interface Completions {
  tables: CompletionTable[];
  functions: string[];
  metrics: string[];
}

export interface ConsideredDocument {
  rollup: string;
  chosen: boolean;
  reasons: ReasonDocument[];
}

export interface DatasetDocument {
  name: string;
  label: string;
  description: string;
  owner: string;
  table: string | null;
  time: string;
  dimensions: string[];
  metrics: string[];
  columns: TableColumn[];
  data_until: string | null;
}

export interface Day {
  day: string;
  open: number;
}

/** `hash` changes with the meaning, not with labels. */
export interface Definition {
  text: string;
  file: string | null;
  line: number | null;
  hash: string;
}

export interface DeliveriesDocument {
  deliveries: DeliveryDocument[];
}

/** A message that is to go out, or went. `state` is waiting, sent, failed or dropped. Times are UTC ISO 8601, by the wall clock; `key` is what it was sent with, the same each time. */
export interface DeliveryDocument {
  id: string;
  key: string;
  kind: string;
  channel: string;
  subscription: string;
  incidents: string[];
  made: string;
  due: string;
  ended: string | null;
  state: "waiting" | "sent" | "failed" | "dropped";
  attempts: number;
  subject: string;
  trouble: string;
}

/** So many results were removed. */
export interface Emptied {
  removed: number;
}

/** How a query would be answered. `pieces` have estimates alone. */
export interface Explanation {
  asked: string;
  start: string;
  end: string;
  zone: string;
  grain: string | null;
  pieces: PieceDocument[];
  considered: ConsideredDocument[];
  notes: string[];
  milliseconds: Record<string, number>;
}

/** Keeps the rows whose `dimension` has one of `values` (null included where named), or drops them. */
export interface FilterBody {
  dimension: string;
  values: (string | number | boolean | null)[];
  exclude?: boolean;
}

/** An incident that would have been raised: people would have heard of it at `known`; it began at `start`. `actual` and `expected` are of its worst bucket, `score` in robust standard deviations. */
export interface Fired {
  metric: string;
  known: string;
  start: string;
  resolved: string | null;
  slice: Record<string, string | number | boolean | null>;
  direction: number;
  actual: number | null;
  expected: number | null;
  score: number;
}

/** Watch `metric`, or by tag:NAME every metric with that tag, those to come as well. Whole or within `slice`, one series for each value of `by`; where that is all, every slice of up to `depth` dimensions (2) that `support` events a bucket (20) belong to. `sensitivity` in robust standard deviations, 3 (much is told) to 10; `min_change` in the metric's unit; null: as usual, and learned. */
export interface FollowBody {
  metric: string;
  slice?: Record<string, string>;
  by?: string[];
  grain?: string | null;
  sensitivity?: number | null;
  min_change?: number | null;
  depth?: number | null;
  support?: number | null;
}

/** What was followed, under the `name` by which it ends: one monitor, or of a tag one for each metric. */
export interface Followed {
  name: string;
  monitors: MonitorDocument[];
}

/** The early warning (`kind` drift or leading) that told of an incident before it came; `at` is when. */
export interface Foreseen {
  id: string;
  kind: string;
  at: string;
  says: string;
}

/** How a goal stands in its current period, [start, end). `miss` is the probability that it is missed; `open` the incident that warns of it, if one does. */
export interface Goal {
  name: string;
  metric: string;
  label: string;
  unit: string;
  format: string;
  slice: Record<string, string | number | boolean | null>;
  period: string;
  start: string;
  end: string;
  aim: string;
  goal: number | null;
  so_far: number | null;
  projected: number | null;
  lower: number | null;
  upper: number | null;
  miss: number | null;
  warnings: number;
  came: number;
  open: string | null;
  chart: Chart;
}

export interface Goals {
  goals: Goal[];
  limits: Limit[];
}

export interface Happening {
  name: string;
  start: string;
  end: string;
}

/** `status` is ok, or degraded where background work can't be done: incidents or rollups may be behind, queries are answered. `problems` say why, where no token guards the server. */
export interface Health {
  status: string;
  version: string;
  problems?: ProblemItem[] | null;
}

/** `kind` is anomaly, so_far (of a bucket that is not complete, at equal age), warning or data; of a warning `actual` is what is projected, `expected` the goal; of data, rows. `doubt` says why the data that it rests on may not be right. `state` is open, resolved, or retracted: data that came later shows none. `reason`: why it is over (quiet, ended, new_normal, by_hand, retracted, redefined, deleted, unfollowed). `known_at`: the first moment at which it could be told. `flapping`: it came and went so often that this was told once. `until`: the end of what its numbers count. `folded`: how many incidents of its slices it stands for. `votes`: who found it useful, or not; `learned` says what that does from now on. */
export interface Incident {
  id: string;
  monitor: string;
  metric: string;
  label: string;
  unit: string;
  format: string;
  better: "up" | "down" | null;
  grain: string;
  slice: Record<string, string | number | boolean | null>;
  state: "open" | "resolved" | "retracted";
  opened: string;
  known_at: string;
  until: string;
  resolved: string | null;
  actual: number | null;
  expected: number | null;
  lower: number | null;
  upper: number | null;
  difference: number | null;
  at_stake: Stake | null;
  cause: Cause | null;
  chart: Chart;
  events: Happening[];
  folded: number;
  acknowledged: Acknowledged | null;
  assignee: string;
  snoozed_until: string | null;
  reason: string | null;
  flapping: boolean;
  kind: string;
  warning: Warned | null;
  foreseen: Foreseen | null;
  data: AboutData | null;
  doubt: string | null;
  votes: Vote[];
  learned: string;
}

export interface IncidentView {
  id: string;
  monitor: string;
  metric: string;
  label: string;
  unit: string;
  format: string;
  better: "up" | "down" | null;
  grain: string;
  slice: Record<string, string | number | boolean | null>;
  state: "open" | "resolved" | "retracted";
  opened: string;
  known_at: string;
  until: string;
  resolved: string | null;
  actual: number | null;
  expected: number | null;
  lower: number | null;
  upper: number | null;
  difference: number | null;
  at_stake: Stake | null;
  cause: Cause | null;
  chart: Chart;
  events: Happening[];
  folded: number;
  acknowledged: Acknowledged | null;
  assignee: string;
  snoozed_until: string | null;
  reason: string | null;
  flapping: boolean;
  kind: string;
  warning: Warned | null;
  foreseen: Foreseen | null;
  data: AboutData | null;
  doubt: string | null;
  votes: Vote[];
  learned: string;
  story: Told[];
  comments: Comment[];
  why: Change | null;
  related: Related[];
  receipt: ReceiptDocument | null;
}

export interface Incidents {
  incidents: Incident[];
}

/** A build: `done` of `total` partitions, `note` what it is at. `by` is host and process, `seen` when that last told of itself; lost: it is gone without a word; detached: it left what goes on elsewhere. `here`: this server runs it. */
export interface JobDocument {
  id: string;
  state: "running" | "cancelling" | "detached" | "lost" | "done" | "failed" | "cancelled";
  builder: string;
  rollups: string[];
  began: string;
  seen: string;
  ended: string | null;
  done: number;
  total: number;
  note: string | null;
  by: string;
  here: boolean;
  problem: ProblemItem | null;
  remotes: RemoteDocument[];
}

/** The latest first. */
export interface Jobs {
  jobs: JobDocument[];
}

/** A condition that stays in the engine, and why. */
export interface Kept {
  text: string;
  reason: string;
}

/** A result on disk: its sources began to be read at `since`, it was `told` (or kept) last then (UTC ISO 8601), took `milliseconds`, and takes `bytes` there. `text` is empty where the log keeps none; `tables` are those whose versions it holds for, null where these told none: it is told only to who takes it by its age. */
export interface KeptResult {
  since: string;
  told: string;
  text: string;
  tables: string[] | null;
  rows: number;
  bytes: number;
  milliseconds: number;
}

/** `entries` with `bytes` of a `budget`; since this server began so many statements were `told` from them and `run`, and what was told had taken `milliseconds_saved`. `results` are those told last. */
export interface KeptResults {
  entries: number;
  bytes: number;
  budget: number;
  told: number;
  run: number;
  milliseconds_saved: number;
  results: KeptResult[];
}

/** How a limit stands: `value` is not to be crossed to the side `aim` (above or below); `chance` is how likely it is before `due`. `open`: the incident that warns of it, if one does. The chart goes on with the projection. */
export interface Limit {
  name: string;
  metric: string;
  slice: Record<string, string | number | boolean | null>;
  grain: string;
  aim: string;
  value: number;
  chance: number | null;
  due: string | null;
  open: string | null;
  chart: Chart;
}

/** A statement that ended: `digest` of its text, `plan` of what sources and engine were sent, `sources` how many reads of sources; sizes in bytes, times in milliseconds. `kept`: its rows were those of a result kept then. */
export interface LoggedQuery {
  id: string;
  began: string;
  who: string;
  door: string;
  priority: string;
  text: string | null;
  digest: string;
  plan: string | null;
  state: string;
  code: string | null;
  rows: number;
  bytes: number;
  sources: number;
  rows_read: number;
  bytes_read: number;
  bytes_billed: number;
  kept?: string | null;
  retries?: number;
  waited: number;
  milliseconds: number;
  dropped?: number | null;
}

/** `format` is percent, number, currency or empty; `value` the money one unit is worth, in `currency`; `tags` are its own and its dataset's. */
export interface MetricDocument {
  name: string;
  short: string;
  dataset: string;
  label: string;
  description: string;
  kind: string;
  unit: string;
  format: string;
  better: "up" | "down" | null;
  value: number | null;
  currency: string | null;
  additive: boolean;
  dimensions: Named[];
  following: boolean;
  definition: Definition;
  owner: string | null;
  tags: string[];
}

export interface Metrics {
  metrics: MetricDocument[];
}

/** Questions about a dataset that no rollup had a part in, by the check that failed; `last` is what the last of them asked for. */
export interface MissDocument {
  dataset: string;
  check: string;
  says: string;
  count: number;
  last: string;
}

/** `followed`: by a person in the UI; else it is written in the project's `file` at `line`. `group` is the name under which it and others are watched by `tag`, both null of one that is watched by itself. `tags` are its own and its metric's. Where `by` is all, every slice of up to `depth` dimensions is watched that `support` events a bucket belong to. */
export interface MonitorDocument {
  name: string;
  metric: string;
  label: string;
  grain: string;
  by: string[];
  slice: Record<string, string | number | boolean | null>;
  sensitivity: number;
  min_change: number | null;
  depth: number | null;
  support: number | null;
  tags: string[];
  tag: string | null;
  group: string | null;
  followed: boolean;
  file: string | null;
  line: number | null;
}

export interface Monitors {
  monitors: MonitorDocument[];
  alarms: Alarms;
}

/** `names`: the dimension whose values this one only names, as airlines' names do their codes. */
export interface Named {
  name: string;
  label: string;
  names?: string | null;
}

export interface Neighbour {
  metric: string;
  label: string;
  before: number;
  after: number;
}

export interface OrderBody {
  name: string;
  descending?: boolean;
}

/** Adjacent partitions in the same state. `unknown`: the source was not asked, or did not answer, whether it changed. `following`: folded from those of the rollup that it follows, and as good as they are. `says`: why they are in quarantine. */
export interface PartitionStretch {
  start: string;
  end: string;
  partitions: number;
  state: "fresh" | "stale" | "unknown" | "following" | "quarantined";
  says: string | null;
}

/** What one rollup, or the source, answered: which measures over which stretches of time, from the data of when. */
export interface PieceDocument {
  by: string;
  name: string;
  keys: number;
  rows: number;
  bytes: number;
  sql: string | null;
  versions: string[];
  stretches: [string, string][];
  measures: string[];
  estimated_keys: number | null;
  estimated_bytes: number | null;
  as_of: string | null;
  store: string | null;
  jobs: string[];
  bytes_billed: number;
  slot_ms: number;
}

export interface PlaceDocument {
  file?: string | null;
  line?: number | null;
  column?: number | null;
  key?: string | null;
}

/** `where`: what runs the statement; `notes`: what was done besides, and what not, and why. */
export interface Plan {
  where: string;
  steps: PlanStep[];
  scans: PlanScan[];
  notes: string[];
  ran?: PlanRun | null;
}

export interface PlanAnswer {
  plan: Plan;
  text: string;
}

export interface PlanBody {
  text: string;
  zone?: string | null;
  engine?: string | null;
}

/** Rows are read only whose `column` is one of the values of `provided` in the read with the id `provider`, about `expected` of them. `inside`: the source finds them itself. */
export interface PlanKey {
  column: string;
  provider: string;
  provided: string;
  expected: number;
  inside: boolean;
}

/** The result of what has run. */
export interface PlanRun {
  rows: number;
  bytes: number;
  milliseconds: number;
}

/** One table read. `pushed` are the conditions that the source answers, as it is told them, `unread` the columns that are therefore not read, as nothing else needs them. `retries`: how often the read was begun again, the last time because of `trouble`. `shares`: it has its rows from the read with that id, `kept_rows`: from another statement, so that its source was not asked. `limit`: so many rows are enough. `bytes_estimated` and `bytes_billed` are of sources that charge by bytes, before and after. */
export interface PlanScan {
  id: string;
  source: string;
  kind: string;
  table: string;
  alias: string;
  rows_estimated: number | null;
  rows?: number | null;
  bytes?: number | null;
  bytes_estimated?: number | null;
  bytes_billed?: number | null;
  connections?: number | null;
  kept_rows?: boolean;
  limit?: number | null;
  shares?: string | null;
  retries?: number;
  trouble?: string | null;
  milliseconds?: number | null;
  pushed: string[];
  unread: string[];
  kept: Kept[];
  keys: PlanKey[];
  sql: string;
}

/** `depth` is its place in the tree, the root's is 0. */
export interface PlanStep {
  name: string;
  detail: string;
  depth: number;
  rows?: number | null;
  ms?: number | null;
}

/** RFC 9457. `code` is that of the first problem. */
export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  problems: ProblemItem[];
  query_id?: string | null;
}

/** One thing that is wrong. `code` is stable. */
export interface ProblemItem {
  code: string;
  message: string;
  place?: PlaceDocument | null;
  nearest?: string[] | null;
  hint?: string | null;
}

/** `now` is what "now" means here; `pinned` where the project's clock stands. `week_start` 0 is Monday. */
export interface ProjectDocument {
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

export interface Queries {
  queries: QueryState[];
}

/** Columnar: `data` holds `rows` values for each column. Times are UTC epoch milliseconds. */
export interface QueryAnswer {
  columns: ColumnDocument[];
  rows: number;
  data: Record<string, (string | number | boolean | null)[]>;
  receipt: ReceiptDocument;
}

/** A metric query. Times are any text such as 2013-02, -7d/d, now or an ISO timestamp; the range is half-open, in `zone` (the project's, if none). `where` is an SQL condition over dimensions, beside `filters`. Wishes: `no_cache` answers from the source, `cache_only` asks no source and tells what is missing, `max_staleness` is a length such as "10 minutes" by which the answer may be older than the source, `exact` refuses what has an error bound, `maximum_bytes_billed` what sources that charge by bytes would bill more for. `max_age`: a length that a kept answer to the same query may be old, whatever rollups and sources say. `as_known_at` asks for what was known at that moment of real time; `restated_since` for m_before (as known then) and m_restated (the difference) beside each metric m. `top` asks for the largest groups alone, in their order, then all the others as one: there the dimensions are null, and the column `rest` is true. */
export interface QueryBody {
  metrics: string[];
  by?: string[];
  grain?: string | null;
  start?: string | null;
  end?: string | null;
  zone?: string | null;
  where?: string | null;
  filters?: FilterBody[];
  order?: OrderBody[];
  limit?: number | null;
  as_known_at?: string | null;
  restated_since?: string | null;
  top?: TopBody | null;
  no_cache?: boolean;
  cache_only?: boolean;
  max_staleness?: string | null;
  max_age?: string | null;
  exact?: boolean;
  time_limit?: number;
  maximum_bytes_billed?: number | null;
}

/** `plan` as far as it is known; `problem` of one that failed, where it is told of: a file over HTTP only breaks off; `receipt` of one that was submitted and is done. */
export interface QueryDetail {
  id: string;
  state: "running" | "done" | "failed" | "cancelled";
  text: string;
  who: string;
  door: string;
  priority: "interactive" | "batch";
  began: string;
  stage: string;
  position: number | null;
  code: string | null;
  waited: number;
  rows: number;
  truncated: boolean;
  bytes: number;
  fraction: number | null;
  milliseconds: number;
  plan: Plan | null;
  problem: ProblemDocument | null;
  receipt: ReceiptDocument | null;
}

export interface QueryLog {
  queries: LoggedQuery[];
}

/** `state` is running, done, failed or cancelled, `stage` while it runs waiting, planning, planned or running; `position` of one that waits, 1 is the next; `fraction` of the work done, where it is known. `who` asks, by `door`; `waited` of its `milliseconds` it waited for its place; `code` of the problem it ended with. `truncated`: there were more `rows` than its `limit` let through. */
export interface QueryState {
  id: string;
  state: "running" | "done" | "failed" | "cancelled";
  text: string;
  who: string;
  door: string;
  priority: "interactive" | "batch";
  began: string;
  stage: string;
  position: number | null;
  code: string | null;
  waited: number;
  rows: number;
  truncated: boolean;
  bytes: number;
  fraction: number | null;
  milliseconds: number;
}

export interface ReasonDocument {
  check: string;
  passed: boolean;
  says: string;
}

/** How an answer came about. Times are UTC ISO 8601. */
export interface ReceiptDocument {
  id: string;
  asked: string;
  start: string | null;
  end: string | null;
  zone: string;
  grain: string | null;
  pieces: PieceDocument[];
  considered: ConsideredDocument[];
  considered_total: number;
  data_until: string | null;
  missing: [string, string][];
  bounds: Record<string, string>;
  definitions: Record<string, string>;
  milliseconds: Record<string, number>;
  notes: string[];
  as_known_at: string | null;
  stale: [string, string][];
  partial: boolean;
  exact: boolean;
}

/** `which`: a dataset, `dataset.rollup`; null: all. */
export interface RefreshBody {
  which?: string | null;
}

/** What runs in this server. `keeps_promises`: what is due is built without being asked for. */
export interface RefreshDocument {
  keeps_promises: boolean;
  running: RefreshingDocument[];
}

/** A run under way over rollups of a dataset: `done` of `total` partitions, `rollup` the last one looked at, `note` whom it waits for. `cancelling`: it was asked to stop. */
export interface RefreshingDocument {
  dataset: string;
  rollups: string[];
  why: "asked" | "due";
  began: string;
  done: number;
  total: number | null;
  rollup: string | null;
  seconds_left: number | null;
  note: string | null;
  cancelling: boolean;
}

export interface Related {
  id: number;
  metric: string;
  label: string;
  slice: Record<string, string | number | boolean | null>;
  says: string;
  series: (number | null)[];
}

/** Work that goes on without the process that began it: a job of Dataflow, called `name` there, for one family of rollups (`rollup` is its finest). `id` is null until it is submitted; `url` is its page for people. */
export interface RemoteDocument {
  runner: string;
  name: string;
  id: string | null;
  rollup: string;
  url: string | null;
}

export interface Resolved {
  id: string;
  label: string;
  slice: Record<string, string | number | boolean | null>;
  resolved: string;
}

/** `refused` says why it can't be kept as it is defined; `stale` that a build has something to do. `freshness` is its promise, such as 15 minutes; `as_of`: it has all that its source had at that moment; `late`: it is further behind than promised, by `late_by_seconds` where that is known. */
export interface RollupDocument {
  name: string;
  dataset: string;
  grain: string;
  dimensions: string[];
  measures: string[];
  partitions: number;
  keys: number;
  cells: number;
  bytes: number;
  built_at: string | null;
  data_until: string | null;
  stale: boolean;
  refused: string | null;
  freshness: string | null;
  as_of: string | null;
  late: boolean;
  late_by_seconds: number | null;
}

/** A rollup, or one that follows from another (`follows`, `says` what it is good for). `past_versions` are kept beside those that readers see. `answers` it had a part in since the server began, and the `bytes_saved` by them (null where the source does not say how large its table is). `due`: when it is looked at next. `arrives`: how its dataset's data usually does, such as "usually 99% after 3 h", where that was learned. */
export interface RollupView {
  name: string;
  dataset: string;
  grain: string;
  dimensions: string[];
  measures: string[];
  partitions: number;
  keys: number;
  cells: number;
  bytes: number;
  built_at: string | null;
  data_until: string | null;
  stale: boolean;
  refused: string | null;
  freshness: string | null;
  as_of: string | null;
  late: boolean;
  late_by_seconds: number | null;
  follows: string | null;
  says: string | null;
  arrives: string | null;
  past_versions: number;
  stretches: PartitionStretch[];
  answers: number;
  bytes_saved: number | null;
  due: string | null;
  last_run: RunDocument | null;
}

/** Everything about the cache. Counts are this server's, and begin with it (`since`): answers from rollups alone (`whole`), those that the source had a part in (`shared`), those from what an answer before left behind (`by_products`), the same answer given again within a second (`again`), and those that no rollup had a part in (`missed`). `bytes_saved` are bytes of sources not read: for each answer the size of the dataset's table, as its source states it, times the share of its time that rollups answered for. What the source would have left out by itself, such as columns, is not taken off. */
export interface RollupsDocument {
  since: string;
  whole: number;
  shared: number;
  by_products: number;
  again: number;
  missed: number;
  misses: MissDocument[];
  bytes_saved: number | null;
  keeps_promises: boolean;
  rollups: RollupView[];
}

/** Rows of a submitted statement, from `offset`; `total` of them there are, and the next page begins at `next` (null: this is the last). */
export interface RowsPage {
  query_id: string;
  columns: ColumnDocument[];
  offset: number;
  rows: unknown[][];
  total: number;
  next: number | null;
}

/** A run over one rollup. `built`, `unchanged` and `emptied` count partitions, `causes` those built by why; `whole`: it looked at all of the rollup; `by` is host and process. */
export interface RunDocument {
  rollup: string;
  why: "asked" | "due";
  result: "built" | "unchanged" | "failed" | "cancelled";
  began: string;
  seconds: number;
  whole: boolean;
  built: number;
  unchanged: number;
  emptied: number;
  causes: Record<string, number>;
  jobs: string[];
  bytes_billed: number;
  slot_ms: number;
  cells: number;
  bytes: number;
  by: string;
  problem: ProblemItem | null;
}

/** The latest first. */
export interface Runs {
  runs: RunDocument[];
}

export interface Sample {
  columns: TableColumn[];
  rows: ((string | number | boolean | (string | number | boolean | null)[] | Record<string, string | number | boolean | null> | null)[])[];
}

/** How good a monitor was, in [since, until]. `precision`: the share of useful ones among those that people said anything of, with Wilson's interval for 95 of 100. `lead`: median hours from telling to when a plain daily threshold would have shown it, of `lead_of` that it would have; `unseen` it never would. `told`: the money of all incidents; `before`: what of it was lost before people knew. `acknowledged_after`: median hours. `ignored`: over, and nobody did or said anything. */
export interface Score {
  monitor: string;
  since: string;
  until: string;
  raised: number;
  useful: number;
  not_useful: number;
  taken_back: number;
  no_word: number;
  precision: number | null;
  precision_low: number | null;
  precision_high: number | null;
  lead: number | null;
  lead_of: number;
  unseen: number;
  acknowledged_after: number | null;
  told: Stake | null;
  before: Stake | null;
  snoozed: number;
  ignored: number;
  last_right: string | null;
  advice: string;
}

/** `score` is null where it could not be judged yet. */
export interface ScoredMonitor {
  name: string;
  metric: string;
  label: string;
  grain: string;
  by: string[];
  slice: Record<string, string | number | boolean | null>;
  sensitivity: number;
  min_change: number | null;
  depth: number | null;
  support: number | null;
  tags: string[];
  tag: string | null;
  group: string | null;
  followed: boolean;
  file: string | null;
  line: number | null;
  score: Score | null;
}

export interface Scores {
  scores: Score[];
}

/** Open, and to be left alone until then. */
export interface Snoozed {
  id: string;
  label: string;
  slice: Record<string, string | number | boolean | null>;
  until: string;
}

/** `circuit`: open while the source is left alone because it is down; absent where the engine reads the source itself. */
export interface SourceDocument {
  name: string;
  type: string;
  state: "ok" | "failed";
  circuit?: "closed" | "open" | "half-open" | null;
  problem?: ProblemItem | null;
  tables: number;
}

export interface Span {
  start: string;
  end: string;
}

/** One SELECT, as in `SubmitBody`. `limit`: so many rows at most are sent; `truncated`, where the answer ends, tells whether there were more. */
export interface SqlBody {
  text: string;
  zone?: string | null;
  time_limit?: number;
  max_age?: string | null;
  no_cache?: boolean;
  maximum_bytes_billed?: number | null;
  maximum_rows?: number | null;
  maximum_bytes?: number | null;
  query_id?: string | null;
  priority?: "interactive" | "batch";
  engine?: string | null;
  limit?: number | null;
}

export interface Stake {
  amount: number;
  currency: string;
}

/** One SELECT. Choose `query_id` yourself to watch or cancel it at once. `maximum_rows`, `maximum_bytes`: rather an error than a larger result. `time_limit` counts the wait for its place, too. `priority` batch lets interactive ones go first. `engine`: what runs it: duckdb, the embedded one; trino, the project's cluster; or the name of a source of BigQuery, those over itself. Left out: that of lapwing.yaml, or such a source where that saves bytes. `max_age`: a length such as "5 minutes" that a kept result may be old, whatever the sources say; `no_cache`: no kept result, and metrics from the source. */
export interface SubmitBody {
  text: string;
  zone?: string | null;
  time_limit?: number;
  max_age?: string | null;
  no_cache?: boolean;
  maximum_bytes_billed?: number | null;
  maximum_rows?: number | null;
  maximum_bytes?: number | null;
  query_id?: string | null;
  priority?: "interactive" | "batch";
  engine?: string | null;
}

/** Who is told of what, in words: `about` and `when`. */
export interface SubscriptionDocument {
  name: string;
  channels: string[];
  about: string;
  when: string;
  escalation: string | null;
}

/** A metric that could be followed, and why. */
export interface Suggestion {
  metric: string;
  label: string;
  why: string;
}

/** The best first. */
export interface Suggestions {
  suggestions: Suggestion[];
}

/** A column of a source's table; `type` is the engine's, such as BIGINT. */
export interface TableColumn {
  name: string;
  type: string;
}

/** `rows` and `bytes` are estimates. */
export interface TableDocument {
  path: string;
  source: string;
  rows: number | null;
  bytes: number | null;
  columns: TableColumn[];
  description: string;
}

/** What became of a test. */
export interface TestDocument {
  channel: string;
  state: "sent" | "failed";
  trouble: string;
}

/** A step of the story, and when it could be known. `who` did it, of what people did. */
export interface Told {
  at: string;
  bucket: string | null;
  kind: string;
  says: string;
  who: string;
}

/** The `count` groups with the largest values of `metric` (the first one asked, if none) over all of the asked time. */
export interface TopBody {
  count: number;
  metric?: string | null;
}

/** A monitor that can't be brought up to the data, and why. */
export interface Trouble {
  monitor: string;
  says: string;
}

export interface Vote {
  who: string;
  useful: boolean;
}

/** What an incident of kind warning is of. `kind` is pacing, limit, drift or leading; `chance` how likely what it warns of is, which is `due` at the latest. `projected` with `lower` to `upper` (eight of ten) is compared with `goal`, whose `aim` is at_least, at_most, exactly, above or below; of a goal, `so_far` is in already. Of `warnings` like it before, `came` came true. Of kind leading, `leader` (a label, of the metric `leader_metric`) has moved, and this one usually follows by `expected_at`. */
export interface Warned {
  kind: string;
  name: string;
  chance: number | null;
  projected: number | null;
  lower: number | null;
  upper: number | null;
  goal: number | null;
  aim: string;
  due: string | null;
  says: string;
  warnings: number;
  came: number;
  so_far: number | null;
  leader: string | null;
  leader_metric: string | null;
  expected_at: string | null;
}

export interface Watched {
  monitor: string;
  metric: string;
  label: string;
  slice: Record<string, string | number | boolean | null>;
  value: number | null;
  unit: string;
  format: string;
  series: (number | null)[];
  time: number[];
  expected?: (number | null)[] | null;
  lower?: (number | null)[] | null;
  upper?: (number | null)[] | null;
}

export interface Watching {
  metrics: number;
  series: number;
  alarms: Alarms;
}

/** Why `metric` changed from `start` to `end`, against another stretch, or (both left out) against the same hours of the weeks before. `by`: dimensions to split by; none: all that rollups hold. */
export interface WhyBody {
  metric: string;
  start: string;
  end: string;
  against_start?: string | null;
  against_end?: string | null;
  where?: string | null;
  filters?: FilterBody[];
  by?: string[];
  zone?: string | null;
}

/** Maintenance: nothing is raised in it. `id` is null where it is written in the project's files; `monitors` is empty where it holds for all. */
export interface Window {
  id: string | null;
  name: string;
  start: string;
  end: string;
  monitors: string[];
  who: string;
}

/** Nothing is raised from `start` to `end` (any time text), of `monitors`, or of all. */
export interface WindowBody {
  name: string;
  start: string;
  end: string;
  monitors?: string[];
  who: string;
}

export interface Windows {
  windows: Window[];
}
