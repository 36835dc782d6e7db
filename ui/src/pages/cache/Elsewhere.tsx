import { useCancelJob, useJobs } from "../../api/hooks";
import type { Job } from "../../api/types";
import { list, moment } from "../../lib/words";

const STATES: Partial<Record<Job["state"], string>> = {
  cancelling: "stopping",
  detached: "left to go on; the next build publishes it",
  lost: "its process is gone; the next build goes on from there",
};

/** Builds of other processes, on whichever machine: how far they are, where their pages are, and a way to stop them. */
export function Elsewhere({ zone }: { zone: string }) {
  const jobs = (useJobs().data ?? []).filter((one) => !one.here);
  const cancel = useCancelJob();
  return (
    <div className="elsewhere" aria-live="polite">
      {jobs.map((one) => (
        <div key={one.id} className="building-one">
          <b>Building {list(one.rollups)}</b>
          <progress aria-label={`Job ${one.id}`} max={one.total || 1} value={one.total ? one.done : undefined} />
          <span title={one.note ?? undefined}>
            {one.done} of {one.total} partitions, {one.builder} by {one.by} since {moment(Date.parse(one.began), zone)}{STATES[one.state] ? `; ${STATES[one.state]}` : ""}
            {one.remotes.map((remote) => remote.url && <span key={remote.name}>, <a href={remote.url} rel="noreferrer">{remote.runner}</a></span>)}
          </span>
          <button className="button" disabled={one.state === "cancelling" || cancel.isPending} onClick={() => cancel.mutate(one.id)}>{one.state === "cancelling" ? "Stopping" : "Cancel"}</button>
        </div>
      ))}
      {cancel.isError && <p className="bad" role="alert">{cancel.error.message}</p>}
    </div>
  );
}
