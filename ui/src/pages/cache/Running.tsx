import { useCancelBuild } from "../../api/hooks";
import type { Refreshing } from "../../api/types";
import { runningSays } from "./says";

/** What is being built now: how far it is, and a way to stop it. */
export function Running({ running }: { running: Refreshing[] }) {
  const cancel = useCancelBuild();
  return (
    <div className="building" aria-live="polite">
      {running.map((one) => (
        <div key={one.dataset} className="building-one">
          <b>Building {one.dataset}</b>
          <progress aria-label={`Building ${one.dataset}`} max={one.total ?? 1} value={one.total === null ? undefined : one.done} />
          <span>{runningSays(one)}{one.why === "due" ? ", as promised" : ""}</span>
          <button className="button" disabled={one.cancelling} onClick={() => cancel.mutate(one.dataset)}>{one.cancelling ? "Stopping" : "Cancel"}</button>
        </div>
      ))}
    </div>
  );
}
