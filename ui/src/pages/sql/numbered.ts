/** The tables of a statement, underlined and numbered as the plan numbers its sources. */
import { StateEffect, StateField, type Range, type Text } from "@codemirror/state";
import { Decoration, EditorView, WidgetType, type DecorationSet } from "@codemirror/view";

/** The names of the plan's scans, in its order. */
export const setTables = StateEffect.define<readonly string[]>();

class Numeral extends WidgetType {
  constructor(private readonly number: number) {
    super();
  }

  override eq(other: Numeral): boolean {
    return other.number === this.number;
  }

  override toDOM(): HTMLElement {
    const box = document.createElement("sup");
    box.textContent = String(this.number);
    return box;
  }
}

const UNDER = Decoration.mark({ class: "cm-table" });

function decorate(text: Text, tables: readonly string[]): DecorationSet {
  const body = text.toString();
  const found: Range<Decoration>[] = [];
  tables.forEach((table, i) => {
    const pattern = new RegExp(`(?<![\\w."])${table.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![\\w."])`, "gi");
    for (const { index } of body.matchAll(pattern)) {
      found.push(Decoration.widget({ widget: new Numeral(i + 1), side: -1 }).range(index), UNDER.range(index, index + table.length));
    }
  });
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
