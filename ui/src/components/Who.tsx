import { useState, type ReactNode } from "react";
import { me, setMe } from "../lib/me";
import { Modal } from "./Modal";

/** One's own name for what is about to be done: at once where it is known, else after asking. `question` belongs on the page. */
export function useWho<T>(then: (wanted: T, who: string) => void): { ask: (wanted: T) => void; question: ReactNode } {
  const [wanted, setWanted] = useState<{ of: T } | null>(null);
  const ask = (of: T): void => {
    const who = me();
    if (who) then(of, who);
    else setWanted({ of });
  };
  const named = (name: string): void => {
    if (!wanted || !name.trim()) return;
    setMe(name);
    then(wanted.of, name.trim());
    setWanted(null);
  };
  const question = wanted && (
    <Modal label="Your name" className="who" onClose={() => setWanted(null)}>
      <form onSubmit={(event) => { event.preventDefault(); named(String(new FormData(event.currentTarget).get("name"))); }}>
        <h2>Your name</h2>
        <p className="sub">It stands beside what you do. This browser remembers it.</p>
        <label className="field">Name<input name="name" maxLength={100} required autoFocus autoComplete="name" /></label>
        <button className="button primary">Go on</button>
      </form>
    </Modal>
  );
  return { ask, question };
}
