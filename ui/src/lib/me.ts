/** The name under which what is done here goes into records; kept in this browser. */
const KEY = "lapwing.name";

export function me(): string {
  try {
    return window.localStorage.getItem(KEY)?.trim() ?? "";
  } catch {
    return ""; // storage is switched off: who acts is asked each time
  }
}

export function setMe(name: string): void {
  try {
    window.localStorage.setItem(KEY, name.trim());
  } catch {
    // as above
  }
}
