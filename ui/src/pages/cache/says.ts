/** What the Cache page says of rollups and runs, in words. */
import type { Refreshing, RollupView, Rollups, Run } from "../../api/types";
import { percent } from "../../lib/numbers";
import { length, list, plural } from "../../lib/words";
import { DAY, MINUTE } from "../../lib/zoned";

type State = RollupView["stretches"][number]["state"];

export const STATES: { state: State; says: string }[] = [
  { state: "fresh", says: "as the source has it" },
  { state: "following", says: "folded from a finer rollup" },
  { state: "stale", says: "the source changed since" },
  { state: "unknown", says: "the source could not be asked" },
  { state: "quarantined", says: "in quarantine" },
];

/** Questions that were asked of the cache. */
export function asked(cache: Rollups): number {
  return fromCache(cache) + cache.shared + cache.missed;
}

/** Those that no source had a part in: from rollups, from what an answer before left behind, or given again. */
export function fromCache(cache: Rollups): number {
  return cache.whole + cache.by_products + cache.again;
}

export function headline(cache: Rollups): string {
  if (!cache.rollups.length) return "There are no rollups yet";
  const all = asked(cache);
  if (all === 0) return "Nothing was asked of the rollups yet";
  const share = fromCache(cache) / all;
  return `${share === 1 ? "All" : percent(share)} ${share === 1 ? "questions" : "of questions"} answered without a source`;
}

/** How its partitions are, the worst first. */
export function partitionsSay(rollup: RollupView): string {
  const counts = new Map<State, number>();
  for (const { state, partitions } of rollup.stretches) counts.set(state, (counts.get(state) ?? 0) + partitions);
  if (rollup.refused) return rollup.refused;
  if (!counts.size) return "not built";
  const words: Partial<Record<State, string>> = { fresh: "fresh", following: `follow ${rollup.follows?.split(".").at(-1) ?? ""}`, stale: "stale", unknown: "not checked", quarantined: "in quarantine, answered by the source" };
  const said = STATES.toReversed().flatMap(({ state }) => (counts.has(state) ? [`${counts.get(state)} ${words[state] ?? ""}`] : []));
  return list(said) + (rollup.stale && counts.size === 1 && counts.has("fresh") ? ", not complete" : "");
}

export function ago(ms: number): string {
  const age = Date.now() - ms;
  if (age < MINUTE) return "just now";
  return age < 2 * DAY ? `${length(age)} ago` : `${Math.floor(age / DAY)} days ago`;
}

/** "4 min late", where it is known how much. */
export function lateSays(rollup: RollupView): string {
  if (!rollup.late) return "";
  if (rollup.late_by_seconds === null) return "late";
  return rollup.late_by_seconds < 60 ? `${Math.ceil(rollup.late_by_seconds)} s late` : `${length(rollup.late_by_seconds * 1000)} late`;
}

/** What a run did. */
export function runSays(run: Run): string {
  if (run.problem) return run.problem.message;
  if (run.result === "unchanged") return `nothing to do in ${plural(run.unchanged, "partition")}`;
  const causes = Object.entries(run.causes).map(([cause, number]) => `${number} ${cause}`);
  return `${list(causes)}${run.unchanged ? `, ${run.unchanged} unchanged` : ""}`;
}

export function runningSays(one: Refreshing): string {
  if (one.note) return one.note;
  if (one.total === null) return "Asking the source what changed";
  const left = one.seconds_left ? `, about ${Math.ceil(one.seconds_left)} s left` : "";
  return `${one.done} of ${plural(one.total, "partition")}${left}`;
}
