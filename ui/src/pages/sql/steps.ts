import type { Plan } from "../../api/types";

// The engine's operators whose names are more than one word, longest first, as people would call them.
const NAMES: [RegExp, string][] = [
  [/^(?:hash|piecewise merge|nested loop|blockwise nl|asof|ie) join (inner|left|right|full|outer|semi|anti|mark|single)?\b/i, "join"],
  [/^(?:perfect |partitioned )?(?:hash )?group by\b/i, "Group by"],
  [/^(?:ungrouped|simple|streaming) aggregate\b/i, "Aggregate"],
  [/^streaming window\b/i, "Window"],
  [/^(?:streaming )?limit\b/i, "Limit"],
  [/^top n\b/i, "Top"],
  [/^order by\b/i, "Sort"],
  [/^cross product\b/i, "Every pair"],
];

/** The operator as a name and what it works on, cut where the operator's own name ends. */
export function stepWords({ name, detail }: Plan["steps"][number]): { name: string; detail: string } {
  const text = `${name} ${detail}`.trim();
  for (const [pattern, said] of NAMES) {
    const found = pattern.exec(text);
    if (!found) continue;
    const rest = text.slice(found[0].length).replace(/^[\s;]+/, "");
    return { name: said === "join" ? capital(`${joinKind(found[1])}join`) : said, detail: said === "join" && rest ? `on ${rest}` : rest };
  }
  return { name: capital(name), detail };
}

function joinKind(kind = "inner"): string {
  return kind.toLowerCase() === "inner" ? "" : `${kind.toLowerCase()} `;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
