import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post, remove } from "../../api/client";
import { useMonitors } from "../../api/hooks";
import type { FollowBody, Metric } from "../../api/types";
import { Icon } from "../../components/Icon";
import { useKeys } from "../../lib/keys";
import { FollowDialog } from "./FollowDialog";
import { sliceOf, type View } from "./view";

const every = (one: { by?: string[] }): boolean => one.by?.[0] === "all";

/** Follows this metric within the view's filters, so that it comes to the board when something unusual happens; first it is
 * shown what that would have been. */
export function FollowButton({ metric, view, zone }: { metric: Metric; view: View; zone: string }) {
  const [asking, setAsking] = useState(false);
  const cache = useQueryClient();
  const monitors = useMonitors().data ?? [];
  const slice = sliceOf(view.filters);
  const same = (other: Record<string, unknown> = {}): boolean =>
    slice !== null && JSON.stringify(Object.entries(slice).toSorted()) === JSON.stringify(Object.entries(other).map(([k, v]) => [k, String(v)]).toSorted());
  const monitor = monitors.find((one) => !one.group && one.metric === metric.name && (!one.by?.length || every(one) || one.followed) && same(one.slice));
  const tagged = !monitor && monitors.find((one) => one.group && one.metric === metric.name && !one.by?.length && same(one.slice));
  const broad = !monitor && !tagged && monitors.find((one) => one.metric === metric.name && one.by?.length && !every(one) && slice !== null && Object.keys(slice).length <= 1 && Object.keys(slice).every((name) => one.by?.includes(name)));
  const change = useMutation({
    mutationFn: async (body: FollowBody | null): Promise<void> => {
      if (body) await post("/follow", body);
      else if (monitor) await remove(`/follow/${encodeURIComponent(monitor.name)}`);
    },
    onSuccess: () => setAsking(false),
    onSettled: () => {
      for (const key of ["monitors", "metrics", "board"]) void cache.invalidateQueries({ queryKey: [key] });
    },
  });
  const possible = slice !== null && !broad && !tagged;
  const on = Boolean(monitor || tagged || broad);
  const press = (): void => { if (monitor) change.mutate(null); else setAsking(true); };
  useKeys({ f: () => { if (possible && !change.isPending && !asking) press(); } });
  const title = slice === null ? "A view with several values or with values left out can’t be followed yet" : tagged ? `Followed with all tagged ${tagged.tag}, as ${tagged.group}` : broad ? `Followed by ${broad.name}, for each ${broad.by?.join(" and ")}` : monitor ? `Followed as ${monitor.name}; press to stop (f)` : "Follow this view (f)";
  return (
    <span className="follow">
      <button className={`button ${on ? "on" : ""}`} aria-pressed={on} disabled={!possible || change.isPending} title={title} onClick={press}>
        <Icon name="star" /> {on ? "Following" : "Follow"}
      </button>
      {asking && slice && (
        <FollowDialog label={metric.label} metrics={[metric]} zone={zone} busy={change.isPending} onFollow={change.mutate} onClose={() => setAsking(false)}
          body={{ metric: metric.name, slice, grain: view.grain === "hour" || view.grain === "15 minutes" ? "hour" : "day" }} />
      )}
      {change.isError && <span className="bad" role="alert">{change.error.message}</span>}
    </span>
  );
}
