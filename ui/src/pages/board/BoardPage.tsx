import { useEffect, useState } from "react";
import { useBoard, useMetrics } from "../../api/hooks";
import type { Board } from "../../api/types";
import { Trouble, Waiting } from "../../components/Trouble";
import { useKeys } from "../../lib/keys";
import { useMoment } from "../../lib/moment";
import { money } from "../../lib/numbers";
import { go, href } from "../../lib/url";
import { moment, plural } from "../../lib/words";
import { IncidentRow } from "./IncidentRow";
import { TimeMachine } from "./TimeMachine";
import { Watching } from "./Watching";
import { WatchList } from "./WatchList";
import "./board.css";

export function BoardPage() {
  const at = useMoment();
  const board = useBoard(at.asOf === null ? null : new Date(at.at).toISOString());
  useEffect(() => { document.title = "Board · Lapwing"; }, []);
  if (board.isError) return <Trouble error={board.error} onRetry={() => void board.refetch()} />;
  if (!board.data) return <Waiting height={320} />;
  return <Loaded board={board.data} zone={at.zone} now={at.asOf === null ? at.now : null} />;
}

function Loaded({ board, zone, now }: { board: Board; zone: string; now: number | null }) {
  const metrics = useMetrics().data ?? [];
  const [focus, setFocus] = useState(0);
  const { incidents } = board;
  const at = Math.min(focus, incidents.length - 1);
  const move = (by: number) => (): void => {
    const next = Math.max(0, Math.min(incidents.length - 1, at + by));
    setFocus(next);
    document.querySelectorAll(".incident")[next]?.scrollIntoView({ block: "nearest" });
  };
  const open = (): void => {
    const incident = incidents[at];
    if (incident && document.activeElement?.closest("a, button") === null) go(href(`/incidents/${encodeURIComponent(incident.id)}`));
  };
  useKeys({ j: move(1), k: move(-1), Enter: open }, incidents.length > 0);
  const empty = board.watching.metrics === 0;
  return (
    <div className="board">
      <header className="lead">
        <div>
          <h1>{headline(board, empty)}</h1>
          <p className="sub"><Sub board={board} zone={zone} empty={empty} /></p>
        </div>
        <TimeMachine board={board} zone={zone} />
      </header>
      {incidents.length > 0 && (
        <div className="incidents">
          {incidents.map((incident, i) => (
            <IncidentRow key={incident.id} incident={incident} metric={metrics.find((m) => m.name === incident.metric)} zone={zone} now={now} focused={i === at} onFocus={() => setFocus(i)} />
          ))}
        </div>
      )}
      <Watching board={board} zone={zone} metrics={metrics} />
      {board.quiet.length > 0 && <WatchList watched={board.quiet} metrics={metrics} zone={zone} />}
    </div>
  );
}

function headline(board: Board, empty: boolean): string {
  if (empty) return "Nothing is watched yet";
  const open = board.incidents.length;
  if (board.judging.length && open === 0) return "Looking at the past";
  if (open === 0) return "All quiet";
  return `${open} of ${Math.max(board.watching.series, open)} followed series ${open === 1 ? "needs" : "need"} a look`;
}

function Sub({ board, zone, empty }: { board: Board; zone: string; empty: boolean }) {
  if (board.judging.length) return <>{plural(board.judging.length, "monitor")} {board.judging.length === 1 ? "is" : "are"} being worked through; what they find comes here by itself.</>;
  if (empty) return <>Follow a metric and it comes here when something unusual happens.</>;
  const rest = board.watching.series - board.incidents.length - board.snoozed.length;
  if (board.incidents.length === 0) {
    const last = board.resolved[0];
    if (board.snoozed.length) return <>{plural(board.snoozed.length, "incident")} snoozed. The other {board.watching.series - board.snoozed.length} followed series are inside their expected range.</>;
    return <>{board.watching.series} followed series are inside their expected range.{last ? ` The last incident was resolved on ${moment(Date.parse(last.resolved), zone)}.` : ""}</>;
  }
  const stakes = new Map<string, number>();
  for (const { at_stake } of board.incidents) if (at_stake) stakes.set(at_stake.currency, (stakes.get(at_stake.currency) ?? 0) + at_stake.amount);
  const sums = [...stakes].map(([currency, amount]) => money(amount, currency)).join(" and ");
  return <>{sums && <><b>{sums}</b> at stake. </>}{rest > 0 ? `The other ${rest} ${rest === 1 ? "is" : "are"} inside their expected range.` : ""}</>;
}
