import { useState } from "react";
import type { Receipt } from "../api/types";
import { bytes, count } from "../lib/numbers";
import { duration, moment, plural, until, zoneName } from "../lib/words";
import { Icon } from "./Icon";
import { Pop } from "./Pop";
import "./receipt.css";

/** What answered, in a few words. */
function by(receipt: Receipt): string {
  const name = (piece: Receipt["pieces"][number]) => ({ source: piece.name, "kept result": piece.by }[piece.by as string] ?? `${piece.by} ${piece.name}`);
  const names = [...new Set(receipt.pieces.map(name))];
  return names.slice(0, 2).join(" and ") || "no data";
}

/** The quiet mark beside a number; pressed, the whole receipt. Partial answers say so in the mark itself. */
export function ReceiptMark({ receipt, zone, open, onOpen }: {
  receipt: Receipt;
  zone: string;
  open?: boolean;
  onOpen?: (open: boolean) => void;
}) {
  const [own, setOwn] = useState(false);
  const shown = open ?? own;
  const show = onOpen ?? setOwn;
  const end = Math.min(...[receipt.data_until, receipt.end].map((text) => (text ? Date.parse(text) : Infinity)));
  const till = Number.isFinite(end) ? `, until ${until(end, zone)}` : "";
  return (
    <span className="receipt-box">
      <button className="receipt" data-opens title="How this number came about (r)" aria-expanded={shown} onClick={() => show(!shown)}>
        <Icon name="receipt" />
        <span>{duration(receipt.milliseconds.total ?? 0)}</span>
        <span className="faint">{by(receipt)}{till}{receipt.partial ? ", partial" : ""}</span>
      </button>
      {shown && <ReceiptPanel receipt={receipt} zone={zone} onClose={() => show(false)} />}
    </span>
  );
}

function ReceiptPanel({ receipt, zone, onClose }: { receipt: Receipt; zone: string; onClose: () => void }) {
  const keys = receipt.pieces.reduce((sum, piece) => sum + piece.keys, 0);
  const rows = receipt.pieces.reduce((sum, piece) => sum + piece.rows, 0);
  const size = receipt.pieces.reduce((sum, piece) => sum + piece.bytes, 0);
  const sent = receipt.pieces.filter((piece) => piece.sql);
  const stages = Object.entries(receipt.milliseconds).filter(([name]) => name !== "total");
  return (
    <Pop title="Receipt" className="receipt-panel" onClose={onClose}>
      <dl>
        <dt>Answered by</dt>
        <dd>{by(receipt)}{receipt.grain ? `, in buckets of ${receipt.grain === "hour" ? "an hour" : receipt.grain}` : ""}</dd>
        <dt>Data until</dt>
        <dd>{receipt.data_until ? `${until(Date.parse(receipt.data_until), zone, true)} ${zoneName(zone)}` : "Not known for this source"}</dd>
        {receipt.missing.map(([from, to]) => (
          <Missing key={from} says={`${moment(Date.parse(from), zone)} to ${until(Date.parse(to), zone)} is not there yet`} />
        ))}
        <dt>Exact</dt>
        <dd>{receipt.exact ? "Yes: sums and counts, not sketches" : Object.entries(receipt.bounds).map(([name, says]) => `${name} ${says}`).join("; ")}</dd>
        <dt>Read</dt>
        <dd>{keys ? `${plural(keys, "chunk")}, ` : ""}{plural(rows, "row")}{size ? `, ${bytes(size)}` : ""} in {duration(receipt.milliseconds.total ?? 0)}</dd>
        {stages.length > 0 && <><dt>Time</dt><dd>{stages.map(([name, ms]) => `${name} ${duration(ms)}`).join(", ")}</dd></>}
        {receipt.notes.map((note) => <Missing key={note} label="Note" says={note} />)}
      </dl>
      {receipt.considered.length > 0 && <Checks receipt={receipt} />}
      {sent.map((piece, at) => <pre className="sent" tabIndex={0} key={at}>{piece.sql}</pre>)}
      <footer>
        <button className="button" onClick={() => void navigator.clipboard?.writeText(window.location.href)}>Copy link</button>
        <span className="faint mono">{receipt.id}</span>
      </footer>
    </Pop>
  );
}

function Missing({ label = "Missing", says }: { label?: string; says: string }) {
  return <><dt>{label}</dt><dd>{says}</dd></>;
}

/** Every rollup that might have answered, and every check on it. */
function Checks({ receipt }: { receipt: Receipt }) {
  return (
    <div className="checks">
      <h3>Considered</h3>
      {receipt.considered.map((one) => (
        <details key={one.rollup} open={one.chosen}>
          <summary><b>{one.rollup}</b> <span className="faint">{one.chosen ? "taken" : one.reasons.find((r) => !r.passed)?.says ?? "not needed"}</span></summary>
          <ul>
            {one.reasons.map((reason, at) => (
              <li key={at}><Icon name={reason.passed ? "check" : "cross"} /> <span>{reason.check}: {reason.says}</span></li>
            ))}
          </ul>
        </details>
      ))}
      <p className="faint">{count(receipt.considered_total)} looked at{receipt.considered_total > receipt.considered.length ? ", the nearest shown" : ""}</p>
    </div>
  );
}
