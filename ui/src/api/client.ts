import type { Problem, ProblemDocument } from "./types";

/** An answer that is no answer: what the server said is wrong, with its stable code. `status` 0: it did not answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problems: Problem[],
    readonly queryId: string | null = null,
  ) {
    super(problems[0]?.message ?? "The server did not say what is wrong.");
  }

  get code(): string {
    return this.problems[0]?.code ?? "unknown";
  }
}

/** Reads an RFC 9457 body; copes with bodies that are not. */
export async function readProblem(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as Partial<ProblemDocument>;
  const message = body.detail ?? body.title ?? `The server answered ${response.status}.`;
  const problems = body.problems?.length ? body.problems : [{ code: body.code ?? `http-${response.status}`, message }];
  return new ApiError(response.status, problems, body.query_id ?? null);
}

async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`/api${path}`, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    const message = "Lapwing's server does not answer. What you see may be old.";
    throw new ApiError(0, [{ code: "no-server", message, hint: "Start it with `lapwing serve`, then try again." }]);
  }
  if (!response.ok) throw await readProblem(response);
  return response;
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await send(path, { signal })).json() as Promise<T>;
}

export async function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return (await postRaw(path, body, "application/json", signal)).json() as Promise<T>;
}

/** POST of JSON, answered in the format `accept` names. */
export async function postRaw(path: string, body: unknown, accept: string, signal?: AbortSignal): Promise<Response> {
  const headers = { "content-type": "application/json", accept };
  return send(path, { method: "POST", headers, body: JSON.stringify(body), signal });
}

export async function remove(path: string): Promise<void> {
  await send(path, { method: "DELETE" });
}
