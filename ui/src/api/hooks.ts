import { keepPreviousData, useMutation, useQuery, useQueryClient, type UseMutationResult, type UseQueryResult } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { get, post, remove } from "./client";
import type { ActionBody, Answer, Backtest, Channels, ChannelTest, Delivery, MaintenanceWindow, WindowBody, Band, BandBody, Board, Catalog, Change, Completions, FollowBody, IncidentView, Job, KeptResults, Metric, MonitorView, Project, QueryBody, Refresh, Rollups, Run, Sample, Score, Suggestion, WhyBody } from "./types";

const HOUR = 3_600_000;

export function useProject(): UseQueryResult<Project> {
  return useQuery({ queryKey: ["project"], queryFn: ({ signal }) => get<Project>("/project", signal), staleTime: 30_000 });
}

export function useMetrics(): UseQueryResult<Metric[]> {
  return useQuery({
    queryKey: ["metrics"],
    queryFn: async ({ signal }) => (await get<{ metrics: Metric[] }>("/metrics", signal)).metrics,
    staleTime: 60_000,
  });
}

/** The board as it was known at `asOf` (ISO), or now. */
export function useBoard(asOf: string | null, enabled = true): UseQueryResult<Board> {
  const query = asOf ? `?as_of=${encodeURIComponent(asOf)}` : "";
  return useQuery({
    queryKey: ["board", asOf],
    queryFn: ({ signal }) => get<Board>(`/board${query}`, signal),
    placeholderData: keepPreviousData,
    staleTime: asOf ? HOUR : 15_000,
    refetchInterval: ({ state }) => (state.data?.judging.length ? 1000 : asOf ? false : 60_000),
    enabled,
  });
}

export function useIncident(id: string, asOf: string | null): UseQueryResult<IncidentView> {
  const query = asOf ? `?as_of=${encodeURIComponent(asOf)}` : "";
  return useQuery({
    queryKey: ["incident", id, asOf],
    queryFn: ({ signal }) => get<IncidentView>(`/incidents/${encodeURIComponent(id)}${query}`, signal),
  });
}

/** Does something to an incident; what it is then is shown at once, here and on the board. */
export function useAct(id: string): UseMutationResult<IncidentView, Error, ActionBody> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: ActionBody) => post<IncidentView>(`/incidents/${encodeURIComponent(id)}/actions`, body),
    onSuccess: (now) => {
      queries.setQueryData(["incident", id, null], now);
      void queries.invalidateQueries({ queryKey: ["board"] });
    },
    onError: () => void queries.invalidateQueries({ queryKey: ["incident", id] }), // somebody was first, perhaps
  });
}

/** Builds that have not ended, in any process that shares the store. */
export function useJobs(): UseQueryResult<Job[]> {
  return useQuery({
    queryKey: ["jobs"],
    queryFn: async ({ signal }) => (await get<{ jobs: Job[] }>("/jobs?running=true", signal)).jobs,
    refetchInterval: ({ state }) => (state.data?.length ? 3_000 : 15_000),
  });
}

/** Stops a build, wherever it runs. */
export function useCancelJob(): UseMutationResult<void, Error, string> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => remove(`/jobs/${encodeURIComponent(id)}?wait=1`),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["jobs"] }),
  });
}

/** What may be worth following, the best first. */
export function useSuggestions(): UseQueryResult<Suggestion[]> {
  return useQuery({
    queryKey: ["suggestions"],
    queryFn: async ({ signal }) => (await get<{ suggestions: Suggestion[] }>("/follow/suggestions", signal)).suggestions,
    staleTime: 300_000,
  });
}

/** What following would have raised over the past. The old figures stay on screen until the new ones are there. */
export function useBacktest(body: FollowBody): UseQueryResult<Backtest> {
  return useQuery({
    queryKey: ["backtest", body],
    queryFn: ({ signal }) => post<Backtest>("/follow/backtest", body, signal),
    placeholderData: keepPreviousData,
    staleTime: 300_000,
  });
}

/** A metric query. The old answer stays on screen until the new one is there; `body` null asks nothing. */
export function useAnswer(body: QueryBody | null): UseQueryResult<Answer> {
  return useQuery({
    queryKey: ["query", body],
    queryFn: ({ signal }) => post<Answer>("/query", body, signal),
    placeholderData: keepPreviousData,
    enabled: body !== null,
    staleTime: 60_000,
  });
}

export function useBand(body: BandBody | null): UseQueryResult<Band> {
  return useQuery({
    queryKey: ["band", body],
    queryFn: ({ signal }) => post<Band>("/band", body, signal),
    enabled: body !== null,
    staleTime: 60_000,
    retry: false,
  });
}

/** Why a metric changed between two stretches; the slices are searched on the server. */
export function useWhy(body: WhyBody | null): UseQueryResult<Change> {
  return useQuery({
    queryKey: ["why", body],
    queryFn: ({ signal }) => post<Change>("/why", body, signal),
    enabled: body !== null,
    staleTime: 60_000,
    retry: false,
  });
}

export function useCatalog(): UseQueryResult<Catalog> {
  return useQuery({ queryKey: ["catalog"], queryFn: ({ signal }) => get<Catalog>("/catalog", signal), staleTime: 60_000 });
}

export function useSample(path: string): UseQueryResult<Sample> {
  return useQuery({
    queryKey: ["sample", path],
    queryFn: ({ signal }) => get(`/catalog/tables/${encodeURIComponent(path)}/sample`, signal),
    staleTime: HOUR,
  });
}

export function useCompletions(): UseQueryResult<Completions> {
  return useQuery({ queryKey: ["complete"], queryFn: ({ signal }) => get<Completions>("/sql/complete", signal), staleTime: HOUR });
}

export function useMonitors(): UseQueryResult<MonitorView[]> {
  return useQuery({
    queryKey: ["monitors"],
    queryFn: async ({ signal }) => (await get<{ monitors: MonitorView[] }>("/monitors", signal)).monitors,
    staleTime: 30_000,
  });
}

export function useRollups(): UseQueryResult<Rollups> {
  return useQuery({ queryKey: ["rollups"], queryFn: ({ signal }) => get<Rollups>("/rollups", signal), placeholderData: keepPreviousData, staleTime: 10_000, refetchInterval: 60_000 });
}

export function useRuns(limit: number): UseQueryResult<Run[]> {
  return useQuery({
    queryKey: ["rollups", "runs", limit],
    queryFn: async ({ signal }) => (await get<{ runs: Run[] }>(`/rollups/runs?limit=${limit}`, signal)).runs,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
    refetchInterval: 60_000,
  });
}

/** What the server builds now, watched closely while something runs. When a run ends, what is known of rollups is asked anew. */
export function useRefreshing(): UseQueryResult<Refresh> {
  const queries = useQueryClient();
  const found = useQuery({
    queryKey: ["refreshing"],
    queryFn: ({ signal }) => get<Refresh>("/rollups/refresh", signal),
    refetchInterval: ({ state }) => (state.data?.running.length ? 500 : 10_000),
  });
  const running = found.data?.running.length ?? 0;
  const before = useRef(0);
  useEffect(() => {
    if (running < before.current) void queries.invalidateQueries({ queryKey: ["rollups"] });
    before.current = running;
  }, [running, queries]);
  return found;
}

/** Builds what changed of a dataset, of one rollup, or (null) of all. */
export function useBuild(): UseMutationResult<Refresh, Error, string | null> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (which: string | null) => post<Refresh>("/rollups/refresh", { which }),
    onSuccess: (now) => {
      queries.setQueryData(["refreshing"], now);
      void queries.invalidateQueries({ queryKey: ["rollups"] }); // it may have ended already
    },
  });
}

export function useResults(limit: number): UseQueryResult<KeptResults> {
  return useQuery({ queryKey: ["results", limit], queryFn: ({ signal }) => get<KeptResults>(`/results?limit=${limit}`, signal), placeholderData: keepPreviousData, refetchInterval: 60_000 });
}

export function useEmptyResults(): UseMutationResult<void, Error, void> {
  const queries = useQueryClient();
  return useMutation({ mutationFn: () => remove("/results"), onSuccess: () => queries.invalidateQueries({ queryKey: ["results"] }) });
}

export function useCancelBuild(): UseMutationResult<void, Error, string> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (dataset: string) => remove(`/rollups/refresh/${encodeURIComponent(dataset)}`),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["refreshing"] }),
  });
}

export function useChannels(): UseQueryResult<Channels> {
  return useQuery({ queryKey: ["channels"], queryFn: ({ signal }) => get<Channels>("/channels", signal), staleTime: 60_000 });
}

export function useTestChannel(): UseMutationResult<ChannelTest, Error, string> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => post<ChannelTest>(`/channels/${encodeURIComponent(name)}/test`, {}),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["deliveries"] }),
  });
}

/** The last messages, the latest first; of one incident, where it is named. */
export function useDeliveries(limit: number, incident?: string): UseQueryResult<Delivery[]> {
  const of = incident === undefined ? "" : `&incident=${encodeURIComponent(incident)}`;
  return useQuery({
    queryKey: ["deliveries", limit, incident],
    queryFn: async ({ signal }) => (await get<{ deliveries: Delivery[] }>(`/deliveries?limit=${limit}${of}`, signal)).deliveries,
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  });
}

/** How good every monitor was lately. */
export function useScores(): UseQueryResult<Score[]> {
  return useQuery({
    queryKey: ["scores"],
    queryFn: async ({ signal }) => (await get<{ scores: Score[] }>("/scores", signal)).scores,
  });
}

export function useMaintenance(): UseQueryResult<MaintenanceWindow[]> {
  return useQuery({
    queryKey: ["maintenance"],
    queryFn: async ({ signal }) => (await get<{ windows: MaintenanceWindow[] }>("/maintenance", signal)).windows,
  });
}

/** Begins or ends maintenance; what is raised changes with it. */
export function useMaintain(): UseMutationResult<unknown, Error, { begin: WindowBody } | { end: string; who: string }> {
  const queries = useQueryClient();
  return useMutation<unknown, Error, { begin: WindowBody } | { end: string; who: string }>({
    mutationFn: (wish) => ("begin" in wish ? post<MaintenanceWindow>("/maintenance", wish.begin) : remove(`/maintenance/${wish.end}?who=${encodeURIComponent(wish.who)}`)),
    onSuccess: () => {
      for (const key of ["maintenance", "board", "incident"]) void queries.invalidateQueries({ queryKey: [key] });
    },
  });
}
