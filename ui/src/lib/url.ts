/** The URL is the state of a view. `as_of` and `zone` travel with every link inside the UI, so that all pages agree. */
import { useSyncExternalStore } from "react";

const CHANGED = "lapwing:url";
const TRAVELS = ["as_of", "zone", "theme"];

function subscribe(listener: () => void): () => void {
  window.addEventListener("popstate", listener);
  window.addEventListener(CHANGED, listener);
  return () => {
    window.removeEventListener("popstate", listener);
    window.removeEventListener(CHANGED, listener);
  };
}

export interface Place {
  path: string;
  search: URLSearchParams;
}

export function usePlace(): Place {
  const href = useSyncExternalStore(subscribe, () => window.location.pathname + window.location.search);
  const url = new URL(href, window.location.origin);
  return { path: decodeURI(url.pathname), search: url.searchParams };
}

export function go(href: string, replace = false): void {
  if (replace) window.history.replaceState(null, "", href);
  else window.history.pushState(null, "", href);
  window.dispatchEvent(new Event(CHANGED));
}

/** `path` with what travels, and `more` on top; a value of null takes a parameter away. */
export function href(path: string, more: Record<string, string | string[] | null> = {}): string {
  const current = new URLSearchParams(window.location.search);
  const search = new URLSearchParams();
  for (const name of TRAVELS) {
    const value = current.get(name);
    if (value) search.set(name, value);
  }
  return path + text(patch(search, more));
}

/** The current view with `more` changed. */
export function changed(more: Record<string, string | string[] | null>): string {
  return window.location.pathname + text(patch(new URLSearchParams(window.location.search), more));
}

function patch(search: URLSearchParams, more: Record<string, string | string[] | null>): URLSearchParams {
  for (const [name, value] of Object.entries(more)) {
    search.delete(name);
    if (value === null) continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, one);
  }
  return search;
}

/** Keeps colons and commas readable; a link is read by people too. */
function text(search: URLSearchParams): string {
  const query = search.toString().replaceAll("%3A", ":").replaceAll("%2C", ",");
  return query ? `?${query}` : "";
}
