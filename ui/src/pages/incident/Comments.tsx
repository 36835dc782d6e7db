import { useRef } from "react";
import type { IncidentView } from "../../api/types";
import { useKeys } from "../../lib/keys";
import { moment } from "../../lib/words";
import type { Send } from "./useActing";

/** What people said, in order, and a box to say more: Ctrl Enter sends it. */
export function Comments({ incident, zone, now, act }: { incident: IncidentView; zone: string; now: number | null; act: Send }) {
  const box = useRef<HTMLTextAreaElement>(null);
  useKeys({ c: () => box.current?.focus() }, now !== null);
  const say = (): void => {
    const text = box.current?.value.trim();
    if (!text || !box.current) return;
    act({ action: "comment", text });
    box.current.value = "";
  };
  if (now === null && incident.comments.length === 0) return null;
  return (
    <section className="comments" aria-label="Comments">
      <h2 className="section">Comments</h2>
      <ul>
        {incident.comments.map((one, i) => (
          <li key={i}><p><b>{one.who}</b> <span className="faint">{moment(Date.parse(one.at), zone)}</span></p><p className="said">{one.text}</p></li>
        ))}
      </ul>
      {now !== null && (
        <form onSubmit={(event) => { event.preventDefault(); say(); }}>
          <textarea ref={box} rows={2} maxLength={4000} placeholder="Add a comment" aria-label="Add a comment"
            onKeyDown={(event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); say(); } if (event.key === "Escape") event.currentTarget.blur(); }} />
          <kbd>c</kbd>
          <button className="button">Comment</button>
        </form>
      )}
    </section>
  );
}
