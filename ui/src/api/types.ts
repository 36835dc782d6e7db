/** The API's types under the names the pages use. `schema.ts` is made from the server's OpenAPI document; what is here only
 * renames, or says more than that document can. Times in series are UTC epoch milliseconds, elsewhere ISO 8601 texts. */
import type { FilterBody, MetricDocument } from "./schema";

export type {
  ActionBody,
  Backtest,
  Band,
  BandBody,
  Board,
  Channels,
  CatalogDocument as Catalog,
  ChannelDocument as Channel,
  Chart,
  Change,
  ChangeFactor,
  ChangePart,
  ChangeRow,
  Completions,
  DeliveryDocument as Delivery,
  DatasetDocument as CatalogDataset,
  Goals,
  Happening,
  Incident,
  FollowBody,
  IncidentView,
  JobDocument as Job,
  KeptResults,
  MetricDocument as Metric,
  MonitorDocument as MonitorView,
  Plan,
  PlanScan,
  PlanStep,
  ProblemDocument,
  ProblemItem as Problem,
  ProjectDocument as Project,
  QueryAnswer as Answer,
  QueryBody,
  QueryState,
  ReceiptDocument as Receipt,
  MissDocument as Miss,
  RefreshDocument as Refresh,
  RefreshingDocument as Refreshing,
  RollupDocument as CatalogRollup,
  RollupsDocument as Rollups,
  RollupView,
  RunDocument as Run,
  Sample,
  Score,
  SourceDocument as CatalogSource,
  SubscriptionDocument as Subscription,
  Suggestion,
  TableColumn,
  TableDocument as CatalogTable,
  TestDocument as ChannelTest,
  Watched,
  Window as MaintenanceWindow,
  WindowBody,
  WhyBody,
} from "./schema";

export type Value = FilterBody["values"][number];
export type Slice = Record<string, Value>;
export type Better = MetricDocument["better"];

/** A filter as the pages hold it: whether it excludes is always said. */
export type Filter = Required<FilterBody>;

/** What is needed to write a value of a metric in words. */
export interface Measured {
  unit: string | null;
  format: string;
}

/** A column of a result or of a table. */
export interface Column {
  name: string;
  type: string;
  label?: string | null;
}
