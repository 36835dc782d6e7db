import type { ReactNode } from "react";

const SHAPES = {
  search: <><circle cx="7" cy="7" r="4.5" /><path d="M10.5 10.5 14 14" /></>,
  theme: <><circle cx="8" cy="8" r="5.5" /><path d="M8 2.5v11a5.5 5.5 0 0 0 0-11z" fill="currentColor" /></>,
  receipt: <><path d="M4 2.5h8v11l-1.6-1.2-1.2 1.2L8 12.3l-1.2 1.2-1.2-1.2L4 13.5z" /><path d="M6 5.7h4M6 8.3h4" /></>,
  star: <path d="m8 2.2 1.8 3.7 4 .6-2.9 2.8.7 4L8 11.4l-3.6 1.9.7-4-2.9-2.8 4-.6z" />,
  left: <path d="M10 3.5 5.5 8l4.5 4.5" />,
  right: <path d="m6 3.5 4.5 4.5L6 12.5" />,
  down: <path d="m4 6 4 4 4-4" />,
  cross: <path d="m4 4 8 8m0-8-8 8" />,
  plus: <path d="M8 3v10M3 8h10" />,
  check: <path d="m3 8.5 3.5 3.5L13 4.5" />,
  clock: <><circle cx="8" cy="8" r="5.5" /><path d="M8 5v3.2l2.2 1.3" /></>,
  enter: <path d="M13 4v4.5H3.5M6.5 5.5l-3 3 3 3" />,
  table: <path d="M2.5 3.5h11v9h-11zM2.5 6.5h11M6.5 6.5v6" />,
  metric: <path d="M2 12.5 6 7l3 2.5 5-6" />,
  page: <path d="M4 2.5h5.5L12 5v8.5H4z" />,
  board: <path d="M3 4h10M3 8h10M3 12h6" />,
  sql: <path d="m5 5-3 3 3 3M11 5l3 3-3 3" />,
  catalog: <path d="M3 3h4v10H3zM9 3h4v10H9z" />,
  cache: <><ellipse cx="8" cy="4" rx="5" ry="2" /><path d="M3 4v8c0 1.1 2.2 2 5 2s5-.9 5-2V4M3 8c0 1.1 2.2 2 5 2s5-.9 5-2" /></>,
  link: <path d="M6.5 9.5a2.5 2.5 0 0 0 3.5 0L12.5 7A2.5 2.5 0 0 0 9 3.5l-.8.8M9.5 6.5a2.5 2.5 0 0 0-3.5 0L3.5 9A2.5 2.5 0 0 0 7 12.5l.8-.8" />,
  settings: <><path d="M2.5 5h6M12 5h1.500M2.500 11h1.500M7.500 11h6" /><circle cx="10.200" cy="5" r="1.700" /><circle cx="5.700" cy="11" r="1.700" /></>,
  bell: <path d="M4 11V7.5a4 4 0 0 1 8 0V11l1.2 1.2H2.8zM6.8 14h2.4" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof SHAPES;

export function Icon({ name }: { name: IconName }) {
  return <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">{SHAPES[name]}</svg>;
}

export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M21.5 12.2 17.8 10.7A5.3 5.3 0 0 0 8.6 9.3C8.3 6.3 6.4 4.1 2.8 3.2c1.9 1.6 2.9 3.5 3 5.8-1.1-1.3-2.3-2-3.9-2.2 1.5 1.1 2.4 2.5 3 4.5C6 15.4 8 19 12.5 20.8h2.3c-.9-2-.6-3.9.9-5.7 1-.3 1.8-.9 2.2-1.7z" />
      <circle cx="14.3" cy="10.8" r="1.05" />
    </svg>
  );
}
