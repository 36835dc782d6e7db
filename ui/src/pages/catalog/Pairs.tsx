import type { ReactNode } from "react";

/** Names and what they are, in two columns; pairs without a value are left out. */
export function Pairs({ pairs }: { pairs: [string, ReactNode][] }) {
  return (
    <dl className="pairs">
      {pairs.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value]) => (
        <Pair key={name} name={name} value={value} />
      ))}
    </dl>
  );
}

function Pair({ name, value }: { name: string; value: ReactNode }) {
  return <><dt>{name}</dt><dd>{value}</dd></>;
}
