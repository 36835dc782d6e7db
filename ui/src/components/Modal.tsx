import { useLayoutEffect, useRef, type KeyboardEvent, type ReactNode } from "react";
import "./modal.css";

interface Props {
  label: string;
  className?: string;
  onKeyDown?: (event: KeyboardEvent) => void;
  onClose: () => void;
  children: ReactNode;
}

/** A dialog over everything: the page behind it can't be reached meanwhile; Esc or a press outside closes it, and the
 * focus goes back to where it was. */
export function Modal({ label, className = "", onKeyDown, onClose, children }: Props) {
  const box = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = box.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog ref={box} className={`modal ${className}`} aria-label={label} onKeyDown={onKeyDown} onCancel={(event) => { event.preventDefault(); onClose(); }}
      onPointerDown={(event) => event.target === event.currentTarget && onClose()}>
      <div className="modal-body">{children}</div>
    </dialog>
  );
}
