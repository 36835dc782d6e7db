import { Icon } from "../components/Icon";
import { Modal } from "../components/Modal";

const KEYS: [string, string][] = [
  ["/", "Search; also Ctrl K"], ["?", "This list"],
  ["g b", "Board"], ["g m", "Metrics"], ["g s", "SQL"], ["g c", "Catalog"], ["g r", "Cache: rollups"], ["g e", "Settings"],
  ["j k", "Next, previous"], ["Enter", "Open"],
  ["[ ]", "Earlier, later"], ["t", "Time range"],
  ["c", "Compare; comment on an incident"], ["f", "Follow"],
  ["a", "Acknowledge"], ["s", "Snooze"], ["y n", "Useful, not useful"],
  ["w", "Why did it change?"], ["z", "Zoom; Shift Z back"],
  ["b", "Build the chosen rollup"], ["r", "Receipt"], ["l", "Copy a link to this view"],
  ["Ctrl Enter", "Run SQL"], ["p", "Plan"], ["Esc", "Close or cancel"],
];

export function KeysHelp({ onClose }: { onClose: () => void }) {
  return (
    <Modal label="Keyboard" className="keys" onClose={onClose}>
      <header><h2>Keyboard</h2><button className="plain square" aria-label="Close" onClick={onClose}><Icon name="cross" /></button></header>
      <dl>
        {KEYS.map(([keys, says]) => (
          <Row key={keys} keys={keys} says={says} />
        ))}
      </dl>
    </Modal>
  );
}

function Row({ keys, says }: { keys: string; says: string }) {
  return <><dt>{keys.split(" ").map((key) => <kbd key={key}>{key}</kbd>)}</dt><dd>{says}</dd></>;
}
