import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { get, post } from "./client";
import type { Answer, Band, BandBody, Board, Catalog, Completions, IncidentView, Metric, MonitorView, Project, QueryBody, Sample } from "./types";

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
