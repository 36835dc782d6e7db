import type { Plan, PlanScan } from "../../api/types";
import { Icon } from "../../components/Icon";
import { bytes, count } from "../../lib/numbers";
import { stepWords } from "./steps";
import { kindName } from "./TablesPanel";

/** A scan's table as it is written in a statement. */
export function tableName(scan: PlanScan): string {
  return scan.table.startsWith(`${scan.source}.`) ? scan.table : `${scan.source}.${scan.table}`;
}

/** Our own steps, then each source: what it did itself, what had to run here and why, and the SQL it was sent. */
export function PlanPanel({ plan, state, onClose }: { plan: Plan; state: string; onClose: () => void }) {
  const timed = [...plan.steps.map((step) => step.ms), ...plan.scans.map((scan) => scan.milliseconds)].some(isNumber);
  return (
    <aside className="drawer" aria-label="Plan">
      <header>
        <h2>Plan</h2><span className="faint">{state}</span>
        <button className="plain square" aria-label="Close" title="Close" onClick={onClose}><Icon name="cross" /></button>
      </header>
      <ol className="plan">
        <li className="plan-line plan-head"><span /><span /><span className="num">rows</span><span className="num">{timed ? "ms" : ""}</span></li>
        {plan.steps.map((step, i) => (
          <Step key={i} step={step} />
        ))}
        {plan.scans.map((scan, i) => <Scan key={scan.id} scan={scan} number={i + 1} scans={plan.scans} />)}
      </ol>
      {plan.notes.map((note) => <p key={note} className="faint plan-note">{note}</p>)}
    </aside>
  );
}

function isNumber(value: number | null | undefined): value is number {
  return value !== null && value !== undefined;
}

function Step({ step }: { step: Plan["steps"][number] }) {
  const { name, detail } = stepWords(step);
  return <li className="plan-line"><b>{name}</b><span>{detail}</span><span className="num">{isNumber(step.rows) ? count(step.rows) : ""}</span><span className="num">{tenths(step.ms)}</span></li>;
}

function tenths(ms: number | null | undefined): string {
  return !isNumber(ms) ? "" : ms < 10 ? ms.toFixed(1) : count(Math.round(ms));
}

/** Whose values leave out rows of a scan: `customer_id in the id of customers (2), about 13 values`. */
function keyWords(key: PlanScan["keys"][number], scans: readonly PlanScan[]): string {
  const at = scans.findIndex((one) => one.id === key.provider);
  const provider = scans[at] ? `${scans[at].alias} (${at + 1})` : key.provider;
  const inside = key.inside ? ", found by the source itself" : "";
  return `only with ${key.column} in the ${key.provided} of ${provider}, about ${count(key.expected)} values${inside}`;
}

/** Rows as they came with what was expected beside them, or what is expected. */
function Rows({ scan }: { scan: PlanScan }) {
  const expected = isNumber(scan.rows_estimated) ? `~${count(scan.rows_estimated)}` : null;
  if (!isNumber(scan.rows)) return <span className="num" title="estimated">{expected ?? "–"}</span>;
  return <span className="num">{expected && <span className="faint" title="estimated">{expected} </span>}{count(scan.rows)}</span>;
}

/** What a source that charges by bytes would bill, or did. */
function costWords(scan: PlanScan): string | null {
  if (isNumber(scan.bytes_billed)) return `billed for ${bytes(scan.bytes_billed)}`;
  return isNumber(scan.bytes_estimated) ? `would be billed for ${bytes(scan.bytes_estimated)}` : null;
}

function Scan({ scan, number, scans }: { scan: PlanScan; number: number; scans: readonly PlanScan[] }) {
  const cost = costWords(scan);
  const shared = scan.shares === null ? -1 : scans.findIndex((one) => one.id === scan.shares);
  return (
    <li className="plan-source">
      <div className="plan-line">
        <b><sup>{number}</sup>{tableName(scan)}</b><span>{kindName(scan.kind)}</span>
        <Rows scan={scan} />
        <span className="num">{tenths(scan.milliseconds)}</span>
      </div>
      <ul className="pushed">
        {scan.pushed.map((text) => <li key={text}><Icon name="check" /><span>{text}</span></li>)}
        {scan.unread.length > 0 && <li><Icon name="check" /><span>not read, needed by nothing else: {scan.unread.join(", ")}</span></li>}
        {scan.keys.map((one) => <li key={`${one.column} ${one.provider}`}><Icon name="check" /><span>{keyWords(one, scans)}</span></li>)}
        {scan.limit !== null && <li><Icon name="check" /><span>no more than {count(scan.limit)} rows</span></li>}
        {shared >= 0 && <li><Icon name="check" /><span>its rows are those that {shared + 1} reads</span></li>}
        {scan.kept_rows && <li><Icon name="check" /><span>its rows are those that another statement read lately</span></li>}
        {cost && <li><span>{cost}</span></li>}
        {scan.kept.map((one) => <li key={one.text} className="kept"><Icon name="cross" /><span>{one.text} runs here: {one.reason}</span></li>)}
      </ul>
      <pre className="sent" tabIndex={0}>{scan.sql}</pre>
    </li>
  );
}
