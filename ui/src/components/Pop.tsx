import { useEffect, useRef, type CSSProperties, type ReactNode } from "react";
import "./pop.css";
import { Icon } from "./Icon";

interface Props {
  title: string;
  className?: string;
  style?: CSSProperties;
  onClose: () => void;
  children: ReactNode;
}

/** A floating panel: takes the focus, closes by Esc or a press outside, gives the focus back. A bottom sheet on phones. */
export function Pop({ title, className = "", style, onClose, children }: Props) {
  const box = useRef<HTMLElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    const before = document.activeElement;
    box.current?.focus({ preventScroll: true });
    const key = (event: KeyboardEvent): void => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      close.current();
    };
    const press = (event: PointerEvent): void => {
      const target = event.target as Element;
      if (!box.current?.contains(target) && !target.closest("[data-opens]")) close.current();
    };
    window.addEventListener("keydown", key, true);
    window.addEventListener("pointerdown", press);
    return () => {
      window.removeEventListener("keydown", key, true);
      window.removeEventListener("pointerdown", press);
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <section className={`pop ${className}`} style={style} role="dialog" aria-label={title} tabIndex={-1} ref={box}>
      <header>
        <h2>{title}</h2>
        <button className="plain square" title="Close (Esc)" aria-label="Close" onClick={onClose}><Icon name="cross" /></button>
      </header>
      {children}
    </section>
  );
}
