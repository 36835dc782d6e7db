import type { Plan, PlanScan } from "../../api/types";
import { Icon } from "../../components/Icon";
import { count } from "../../lib/numbers";
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
        {plan.scans.map((scan, i) => <Scan key={scan.id} scan={scan} number={i + 1} />)}
      </ol>
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

function Scan({ scan, number }: { scan: PlanScan; number: number }) {
  const estimated = !isNumber(scan.rows);
  return (
    <li className="plan-source">
      <div className="plan-line">
        <b><sup>{number}</sup>{tableName(scan)}</b><span>{kindName(scan.kind)}</span>
        <span className="num" title={estimated ? "estimated" : ""}>{estimated ? (scan.rows_estimated === null ? "–" : `~${count(scan.rows_estimated)}`) : count(scan.rows)}</span>
        <span className="num">{tenths(scan.milliseconds)}</span>
      </div>
      <ul className="pushed">
        {scan.pushed.map((text) => <li key={text}><Icon name="check" /><span>{text}</span></li>)}
        {scan.kept.map((one) => <li key={one.text} className="kept"><Icon name="cross" /><span>{one.text} runs here: {one.reason}</span></li>)}
      </ul>
      <pre className="sent" tabIndex={0}>{scan.sql}</pre>
    </li>
  );
}
