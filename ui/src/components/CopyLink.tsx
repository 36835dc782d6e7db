import { useEffect, useState } from "react";
import { useKeys } from "../lib/keys";
import { Icon } from "./Icon";

/** Copies the address of exactly this view, by press or by `l`, and says that it did. */
export function CopyLink() {
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (!said) return;
    const timer = window.setTimeout(() => setSaid(""), 2500);
    return () => window.clearTimeout(timer);
  }, [said]);
  const copy = (): void => {
    // A page that is not served over HTTPS or from this machine has no clipboard.
    if (!navigator.clipboard) return setSaid("Copy it from the address bar");
    navigator.clipboard.writeText(window.location.href).then(() => setSaid("Copied"), () => setSaid("Copy it from the address bar"));
  };
  useKeys({ l: copy });
  return (
    <button className="plain" title="Copy a link to exactly this view (l)" onClick={copy}>
      <Icon name={said === "Copied" ? "check" : "link"} /><span className="wide-only" aria-live="polite">{said || "Link"}</span>
    </button>
  );
}
