import { useSyncExternalStore } from "react";

const CHANGED = "lapwing:theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");

function current(): "light" | "dark" {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "dark" || chosen === "light" ? chosen : system.matches ? "dark" : "light";
}

function subscribe(listener: () => void): () => void {
  window.addEventListener(CHANGED, listener);
  system.addEventListener("change", listener);
  return () => {
    window.removeEventListener(CHANGED, listener);
    system.removeEventListener("change", listener);
  };
}

export function useTheme(): "light" | "dark" {
  return useSyncExternalStore(subscribe, current);
}

export function toggleTheme(): void {
  const next = current() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem("lapwing.theme", next);
  window.dispatchEvent(new Event(CHANGED));
}
