import type { ReactNode } from "react";
import { useAct } from "../../api/hooks";
import type { ActionBody } from "../../api/types";
import { useWho } from "../../components/Who";

export type Wish = Omit<ActionBody, "who">;
export type Send = (wish: Wish) => void;

/** Acts in one's own name. `extra` is what that needs on the page: the question for it, or why the action was refused. */
export function useActing(id: string): { send: Send; extra: ReactNode } {
  const act = useAct(id);
  const { ask, question } = useWho<Wish>((wish, who) => act.mutate({ ...wish, who }));
  return { send: ask, extra: <>{act.isError && <p className="refused bad" role="alert">{act.error.message}</p>}{question}</> };
}
