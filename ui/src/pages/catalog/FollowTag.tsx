import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post, remove } from "../../api/client";
import { useMonitors } from "../../api/hooks";
import type { FollowBody, Metric } from "../../api/types";
import { Icon } from "../../components/Icon";
import { FollowDialog } from "../metric/FollowDialog";

/** Follows every metric with a tag, those to come as well; pressed again, it ends. */
export function FollowTag({ tag, metrics, zone }: { tag: string; metrics: Metric[]; zone: string }) {
  const [asking, setAsking] = useState(false);
  const cache = useQueryClient();
  const found = (useMonitors().data ?? []).find((one) => one.tag === tag && !one.by?.length && Object.keys(one.slice ?? {}).length === 0);
  const tagged = metrics.filter((one) => one.tags.includes(tag));
  const change = useMutation({
    mutationFn: async (body: FollowBody | null): Promise<void> => {
      if (body) await post("/follow", body);
      else if (found?.group) await remove(`/follow/${encodeURIComponent(found.group)}`);
    },
    onSuccess: () => setAsking(false),
    onSettled: () => {
      for (const key of ["monitors", "metrics", "board", "catalog"]) void cache.invalidateQueries({ queryKey: [key] });
    },
  });
  if (tagged.length === 0) return null;
  const title = found ? (found.followed ? `Followed as ${found.group}; press to stop` : `Written as ${found.group} in ${found.file}`) : "Each of them comes to the board when something unusual happens";
  return (
    <span className="follow">
      <button className={`button ${found ? "on" : ""}`} aria-pressed={Boolean(found)} title={title} disabled={change.isPending || (found && !found.followed)} onClick={() => { if (found) change.mutate(null); else setAsking(true); }}>
        <Icon name="star" /> {found ? "Following" : "Follow"} all tagged {tag}
      </button>
      {asking && (
        <FollowDialog label={`all tagged ${tag}`} metrics={tagged} zone={zone} busy={change.isPending} onFollow={change.mutate} onClose={() => setAsking(false)}
          body={{ metric: `tag:${tag}`, slice: {}, grain: "day" }} />
      )}
      {change.isError && <span className="bad" role="alert">{change.error.message}</span>}
    </span>
  );
}
