import { Component, type ReactNode } from "react";
import { text } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { ErrorNotice } from "../ui/error-notice.tsx";

/** What a fault of the console's own leaves on the screen, instead of nothing. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return <FaultPage error={this.state.error} />;
  }
}

/** Also of the router, if a page cannot be fetched. */
export function FaultPage({ error }: { error: unknown }) {
  return (
    <main className="page">
      <h1>{text("fault.title")}</h1>
      <ErrorNotice error={error} />
      <Button variant="primary" onPress={() => location.reload()}>
        {text("fault.reload")}
      </Button>
    </main>
  );
}
