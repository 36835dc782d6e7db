import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { go } from "../lib/url";

/** An anchor that stays inside the UI: no page load, but a real link to copy, or to open in a tab. */
export function Link({ href, onClick, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const press = (event: MouseEvent<HTMLAnchorElement>): void => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(href);
    if (!href.startsWith(window.location.pathname)) window.scrollTo(0, 0);
  };
  return <a href={href} onClick={press} {...rest} />;
}
