import { useState, type ReactNode } from "react";
import { useKeys } from "../lib/keys";
import { Icon, type IconName } from "./Icon";
import { Pop } from "./Pop";
import "./menu.css";

interface Props {
  label: ReactNode;
  title: string;
  icon?: IconName;
  plain?: boolean;
  hotkey?: string;
  children: (close: () => void) => ReactNode;
}

/** A chip that opens a small panel of choices. */
export function Menu({ label, title, icon, plain, hotkey, children }: Props) {
  const [open, setOpen] = useState(false);
  useKeys(hotkey ? { [hotkey]: () => setOpen(true) } : {}, Boolean(hotkey));
  return (
    <span className="menu">
      <button className={plain ? "plain" : "chip"} data-opens aria-expanded={open} aria-haspopup="dialog" title={title} onClick={() => setOpen(!open)}>
        {icon && <Icon name={icon} />}
        {label}
        {!plain && icon !== "plus" && <Icon name="down" />}
      </button>
      {open && <Pop title={title} className="menu-panel" onClose={() => setOpen(false)}>{children(() => setOpen(false))}</Pop>}
    </span>
  );
}

/** Choices, one of which is chosen. */
export function Choices<T extends string>({ options, chosen, onChoose }: {
  options: readonly { value: T; label: string; note?: string }[];
  chosen: T | null;
  onChoose: (value: T) => void;
}) {
  return (
    <ul className="choices">
      {options.map((option) => (
        <li key={option.value}>
          <button aria-pressed={option.value === chosen} onClick={() => onChoose(option.value)}>
            {option.label}
            {option.note && <span className="faint">{option.note}</span>}
          </button>
        </li>
      ))}
    </ul>
  );
}
