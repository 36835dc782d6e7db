import { acceptCompletion, autocompletion, closeBrackets, closeCompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { HighlightStyle, bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import { EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";
import type { Completions } from "../../api/types";
import { language } from "./complete";
import { markedMistake, setMistake, type Spot } from "./mistake";
import { numberedTables, setTables } from "./numbered";

const LOOK = HighlightStyle.define([
  { tag: tags.keyword, fontWeight: "650" },
  { tag: [tags.string, tags.number, tags.bool, tags.null], color: "var(--accent)" },
  { tag: [tags.lineComment, tags.blockComment], color: "var(--ink-3)" },
  { tag: [tags.function(tags.variableName), tags.standard(tags.name)], color: "var(--ink-2)" },
]);

interface Props {
  text: string;
  known: Completions | undefined;
  tables: readonly string[]; // those the plan reads, in its order
  mistake: Spot | null;
  onChange: (text: string) => void;
  onRun: () => void;
  onReady: (write: (text: string) => void) => void; // hands out how to write at the cursor
}

export function Editor({ text, known, tables, mistake, onChange, onRun, onReady }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const calls = useRef({ onChange, onRun, onReady });
  calls.current = { onChange, onRun, onReady };
  const spoken = useRef(new Compartment());
  const first = useRef({ text, known });

  useEffect(() => {
    if (!host.current) return;
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: first.current.text,
        extensions: [
          Prec.highest(keymap.of([{ key: "Mod-Enter", run: (editor) => { closeCompletion(editor); calls.current.onRun(); return true; } }, { key: "Tab", run: acceptCompletion }])),
          lineNumbers(), history(), bracketMatching(), closeBrackets(), highlightActiveLine(),
          autocompletion({ icons: false }),
          syntaxHighlighting(LOOK),
          numberedTables, markedMistake,
          spoken.current.of(language(first.current.known)),
          keymap.of([...completionKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab]),
          EditorView.lineWrapping,
          EditorView.domEventHandlers({ blur: (_, editor) => { closeCompletion(editor); } }), // one that is still looked for would open later
          EditorView.contentAttributes.of({ "aria-label": "SQL", tabindex: "0" }),
          EditorView.updateListener.of((update) => { if (update.docChanged) calls.current.onChange(update.state.doc.toString()); }),
        ],
      }),
    });
    view.current = editor;
    calls.current.onReady((more) => {
      editor.dispatch(editor.state.replaceSelection(more));
      editor.focus();
    });
    return () => editor.destroy();
  }, []);

  useEffect(() => { view.current?.dispatch({ effects: spoken.current.reconfigure(language(known)) }); }, [known]);
  useEffect(() => {
    const editor = view.current;
    if (editor && editor.state.doc.toString() !== text) editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
  }, [text]);
  useEffect(() => { view.current?.dispatch({ effects: setTables.of(tables) }); }, [tables]);
  useEffect(() => { view.current?.dispatch({ effects: setMistake.of(mistake) }); }, [mistake]);
  return <div className="editor" ref={host} />;
}
