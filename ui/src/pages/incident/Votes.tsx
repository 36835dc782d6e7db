import type { Incident } from "../../api/types";
import { useKeys } from "../../lib/keys";
import { me } from "../../lib/me";
import type { Send } from "./useActing";

/** Was it useful? One's own word is pressed in; pressing it again takes it back, the other one takes its place. `keys`: by `y` and `n`, too. */
export function Votes({ incident, act, keys }: { incident: Incident; act: Send; keys: boolean }) {
  const own = incident.votes.find((one) => one.who === me())?.useful;
  const say = (useful: boolean) => (): void => act({ action: own === useful ? "take_back" : useful ? "useful" : "not_useful" });
  useKeys({ y: say(true), n: say(false) }, keys);
  return (
    <>
      <button className="button" aria-pressed={own === true} onClick={say(true)}>Useful {keys && <kbd>y</kbd>}</button>
      <button className="button" aria-pressed={own === false} onClick={say(false)}>Not useful {keys && <kbd>n</kbd>}</button>
    </>
  );
}

/** Who said what, and what that does from now on. */
export function Learned({ incident }: { incident: Incident }) {
  const { votes, learned } = incident;
  if (votes.length === 0) return null;
  const words = votes.map((one) => `${one.useful ? "Useful" : "Not useful"}, says ${one.who}.`).join(" ");
  return <p className="learned" role="status">{words} {learned}</p>;
}
