import { ApiError } from "../api/client";
import type { Problem } from "../api/types";
import "./trouble.css";

/** Failed, nothing to show: what, why, what to do, and the code to quote. The rest of the page works on. */
export function Trouble({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const known = error instanceof ApiError ? error : null;
  return (
    <div className="trouble" role="alert">
      <h2>{known?.status === 0 ? "No answer" : "This could not be answered"}</h2>
      {(known?.problems ?? [{ code: "ui", message: error.message } satisfies Problem as Problem]).map((problem, at) => (
        <p key={at}>
          {placeWords(problem)}{problem.message}
          {problem.nearest?.length ? ` Nearest: ${problem.nearest.join(", ")}.` : ""}
          {problem.hint ? ` ${problem.hint}` : ""}
        </p>
      ))}
      <div className="actions">{onRetry && <button className="button" onClick={onRetry}>Try again</button>}</div>
      <p className="code">{[known?.code, known?.queryId].filter(Boolean).join(", ")}</p>
    </div>
  );
}

function placeWords({ place }: Problem): string {
  if (!place?.line) return "";
  return `${place.file ? `${place.file}, line` : "Line"} ${place.line}${place.column ? `, column ${place.column}` : ""}: `;
}

/** Bars of the answer's size while it is awaited. They do not move, and show only after 150 ms. */
export function Waiting({ height = 96, label = "Waiting for the answer" }: { height?: number; label?: string }) {
  return <div className="waiting" style={{ height }} role="status"><span className="hidden">{label}</span></div>;
}
