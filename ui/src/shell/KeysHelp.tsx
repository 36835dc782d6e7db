import { useEffect, useRef } from "react";
import { Icon } from "../components/Icon";

const KEYS: [string, string][] = [
  ["/", "Search; also Ctrl K"], ["?", "This list"],
  ["g b", "Board"], ["g m", "Metrics"], ["g s", "SQL"], ["g c", "Catalog"],
  ["j k", "Next, previous"], ["Enter", "Open"],
  ["[ ]", "Earlier, later"], ["t", "Time range"],
  ["c", "Compare"], ["f", "Follow"],
  ["w", "Why did it change?"], ["z", "Zoom; Shift Z back"],
  ["r", "Receipt"], ["l", "Copy a link to this view"],
  ["Ctrl Enter", "Run SQL"], ["p", "Plan"], ["Esc", "Close or cancel"],
];

export function KeysHelp({ onClose }: { onClose: () => void }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus(), []);
  return (
    <div className="scrim" onPointerDown={(event) => event.target === event.currentTarget && onClose()}>
      <section className="keys" role="dialog" aria-modal="true" aria-label="Keyboard" onKeyDown={(event) => event.key === "Escape" && onClose()}>
        <header><h2>Keyboard</h2><button ref={button} className="plain square" aria-label="Close" onClick={onClose}><Icon name="cross" /></button></header>
        <dl>
          {KEYS.map(([keys, says]) => (
            <Row key={keys} keys={keys} says={says} />
          ))}
        </dl>
      </section>
    </div>
  );
}

function Row({ keys, says }: { keys: string; says: string }) {
  return <><dt>{keys.split(" ").map((key) => <kbd key={key}>{key}</kbd>)}</dt><dd>{says}</dd></>;
}
