/** The tables of a statement, underlined and numbered as the plan numbers its sources. */
import { StateEffect, StateField, type Range, type Text } from "@codemirror/state";
import { Decoration, EditorView, WidgetType, type DecorationSet } from "@codemirror/view";

/** The names of the plan's scans, in its order. */
export const setTables = StateEffect.define<readonly string[]>();

class Numerals extends WidgetType {
  constructor(private readonly numbers: string) {
    super();
  }

  override eq(other: Numerals): boolean {
    return other.numbers === this.numbers;
  }

  override toDOM(): HTMLElement {
    const box = document.createElement("sup");
    box.textContent = this.numbers;
    return box;
  }
}

const UNDER = Decoration.mark({ class: "cm-table" });

function decorate(text: Text, tables: readonly string[]): DecorationSet {
  const body = text.toString();
  const found: Range<Decoration>[] = [];
  const places = Map.groupBy(tables.keys(), (i) => tables[i] ?? "");
  for (const [table, at] of places) {
    const numbers = at.map((i) => i + 1).join(","); // a table that is read several times
    const pattern = new RegExp(`(?<![\\w."])${table.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![\\w."])`, "gi");
    for (const { index } of body.matchAll(pattern)) {
      found.push(Decoration.widget({ widget: new Numerals(numbers), side: -1 }).range(index), UNDER.range(index, index + table.length));
    }
  }
  return Decoration.set(found, true);
}

export const numberedTables = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) if (effect.is(setTables)) return decorate(transaction.newDoc, effect.value);
    return marks.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});
