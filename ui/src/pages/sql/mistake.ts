/** The word of a statement at which it went wrong, underlined until the text is changed. */
import { StateEffect, StateField, type Text } from "@codemirror/state";
import { Decoration, EditorView, type DecorationSet } from "@codemirror/view";
import { ApiError } from "../../api/client";

/** Where in a text: lines and columns count from 1. */
export interface Spot {
  line: number;
  column: number;
}

export const setMistake = StateEffect.define<Spot | null>();

const UNDER = Decoration.mark({ class: "cm-mistake" });

/** The place of an error's first problem in the statement. */
export function spotOf(error: Error | null): Spot | null {
  const place = error instanceof ApiError ? error.problems[0]?.place : undefined;
  return place?.line && place.column && !place.file ? { line: place.line, column: place.column } : null;
}

function decorate(text: Text, spot: Spot | null): DecorationSet {
  if (!spot || spot.line > text.lines) return Decoration.none;
  const line = text.line(spot.line);
  const from = Math.min(line.from + spot.column - 1, line.to);
  const word = /^(?:[\w.]+|.)/.exec(line.text.slice(from - line.from));
  return word ? Decoration.set(UNDER.range(from, from + word[0].length)) : Decoration.none;
}

export const markedMistake = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) if (effect.is(setMistake)) return decorate(transaction.newDoc, effect.value);
    return transaction.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});
