import { useState, type ReactNode } from "react";
import { useAct } from "../../api/hooks";
import type { ActionBody } from "../../api/types";
import { Modal } from "../../components/Modal";
import { me, setMe } from "../../lib/me";

export type Wish = Omit<ActionBody, "who">;
export type Send = (wish: Wish) => void;

/** Acts in one's own name, which is asked for the first time. `extra` is what that needs on the page: the question, or why it
 * was refused. */
export function useActing(id: string): { send: Send; extra: ReactNode } {
  const act = useAct(id);
  const [wish, setWish] = useState<Wish | null>(null);
  const send = (wanted: Wish): void => {
    const who = me();
    if (who) act.mutate({ ...wanted, who });
    else setWish(wanted);
  };
  const named = (name: string): void => {
    if (!wish || !name.trim()) return;
    setMe(name);
    act.mutate({ ...wish, who: name.trim() });
    setWish(null);
  };
  const extra = (
    <>
      {act.isError && <p className="refused bad" role="alert">{act.error.message}</p>}
      {wish && (
        <Modal label="Your name" className="who" onClose={() => setWish(null)}>
          <form onSubmit={(event) => { event.preventDefault(); named(String(new FormData(event.currentTarget).get("name"))); }}>
            <h2>Your name</h2>
            <p className="sub">It stands beside what you do in the incident’s record. This browser remembers it.</p>
            <label className="field">Name<input name="name" maxLength={100} required autoFocus autoComplete="name" /></label>
            <button className="button primary">Go on</button>
          </form>
        </Modal>
      )}
    </>
  );
  return { send, extra };
}
