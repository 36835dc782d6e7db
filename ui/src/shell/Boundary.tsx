import { Component, type ReactNode } from "react";
import { Trouble } from "../components/Trouble";

interface Props {
  at: string; // the address; another one is tried anew
  children: ReactNode;
}

/** A fault of the UI itself takes down its page only, and is shown instead of a blank one. */
export class Boundary extends Component<Props, { error: Error | null; at: string }> {
  override state = { error: null as Error | null, at: this.props.at };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  static getDerivedStateFromProps(props: Props, state: { at: string }): { error: null; at: string } | null {
    return props.at === state.at ? null : { error: null, at: props.at };
  }

  override render(): ReactNode {
    return this.state.error ? <Trouble error={this.state.error} onRetry={() => window.location.reload()} /> : this.props.children;
  }
}
