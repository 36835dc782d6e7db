import { useEffect, useState } from "react";
import { CopyLink } from "../../components/CopyLink";
import { Icon } from "../../components/Icon";
import { ReceiptMark } from "../../components/Receipt";
import { bytes, count } from "../../lib/numbers";
import { duration, plural } from "../../lib/words";
import type { Run } from "./useRun";

interface Props {
  run: Run;
  zone: string;
  onRun: () => void;
  onPlan: () => void;
  onFormat: () => void;
  onCancel: () => void;
}

export function RunBar({ run, zone, onRun, onPlan, onFormat, onCancel }: Props) {
  const running = run.state === "running";
  return (
    <div className="run-bar">
      <button className="button primary" disabled={running} onClick={onRun}>Run <kbd>Ctrl <Icon name="enter" /></kbd></button>
      <button className="button" onClick={onPlan}>Plan <kbd>p</kbd></button>
      <button className="button" onClick={onFormat}>Format</button>
      <div className="run-state" aria-live="polite">{running ? <Running run={run} /> : <Ended run={run} />}</div>
      {running && <button className="button" onClick={onCancel}>Cancel <kbd>Esc</kbd></button>}
      {!running && run.done?.receipt && <ReceiptMark receipt={run.done.receipt} zone={zone} />}
      {!running && <CopyLink />}
      {running && <Progress fraction={run.progress?.fraction ?? null} />}
    </div>
  );
}

function Running({ run }: { run: Run }) {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(performance.now()), 100);
    return () => window.clearInterval(timer);
  }, []);
  const { progress } = run;
  return (
    <>
      <b className="num">{duration(Math.max(0, now - run.began))}</b>
      <span>{progress?.stage ?? "Running"}{progress?.rows ? `, ${plural(progress.rows, "row")}` : ""}{progress?.bytes ? `, ${bytes(progress.bytes)}` : ""}</span>
    </>
  );
}

function Ended({ run }: { run: Run }) {
  if (run.state === "cancelled") return <span>Cancelled. {run.rows.length ? "The rows below are what had arrived." : "Nothing had arrived."}</span>;
  if (run.state !== "done" || !run.done) return null;
  const scans = run.plan?.scans ?? [];
  const moved = scans.reduce((sum, scan) => sum + (scan.rows ?? 0), 0);
  const sources = new Set(scans.map((scan) => scan.source)).size;
  return (
    <>
      <b className="num">{duration(run.done.milliseconds)}</b>
      <span><b>{plural(run.done.rows, "row")}</b>{sources ? ` from ${plural(sources, "source")}.` : "."}{moved ? ` ${count(moved)} rows travelled.` : ""}</span>
    </>
  );
}

function Progress({ fraction }: { fraction: number | null }) {
  const share = fraction === null ? undefined : Math.round(fraction * 100);
  return (
    <div className="progress" role="progressbar" aria-label="How far the query is" aria-valuenow={share} aria-valuemin={0} aria-valuemax={100}>
      <i style={{ width: `${share ?? 3}%` }} />
    </div>
  );
}
