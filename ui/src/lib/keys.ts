/** Single-key commands. They do nothing while a text field has the focus. */
import { useEffect, useRef } from "react";

export type Keys = Record<string, (event: KeyboardEvent) => void>;

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

/** Calls `keys[name]`: a letter ("j"), "Escape", or two in turn ("g b"). */
export function useKeys(keys: Keys, enabled = true): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    if (!enabled) return;
    let before = "";
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (typing(event.target) && event.key !== "Escape") return;
      const found = latest.current[`${before} ${event.key}`] ?? latest.current[before === "g" ? "" : event.key];
      before = event.key;
      if (!found) return;
      event.preventDefault();
      found(event);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [enabled]);
}
