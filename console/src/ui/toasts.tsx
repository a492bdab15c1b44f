import { Text } from "react-aria-components/Text";
import {
  UNSTABLE_Toast as Toast,
  UNSTABLE_ToastContent as ToastContent,
  UNSTABLE_ToastQueue as ToastQueue,
  UNSTABLE_ToastRegion as ToastRegion,
} from "react-aria-components/Toast";
import { useText } from "../text/text.ts";
import { Button, IconButton } from "./button.tsx";
import { explain } from "./error-notice.tsx";

interface Content {
  tone: "success" | "danger";
  title: string;
  description?: string | undefined;
  /** What may be done about it: undo. */
  action?: { label: string; onPress: () => void } | undefined;
}

const SHOWN_MS = 8_000;
const queue = new ToastQueue<Content>({ maxVisibleToasts: 3 });

/** Says what has been done. It goes by itself, unless the pointer or focus is on it. */
export function toast(title: string, action?: Content["action"]): void {
  queue.add({ tone: "success", title, action }, { timeout: SHOWN_MS });
}

/** Says what has failed and what to do. It stays until it is closed. */
export function toastError(error: unknown): void {
  const { happened, advice, detail } = explain(error);
  queue.add({ tone: "danger", title: happened, description: [advice, detail].filter(Boolean).join(" ") || undefined });
}

export function Toasts() {
  const t = useText();
  return (
    <ToastRegion queue={queue} className="toasts" aria-label={t("toasts.label")}>
      {({ toast: shown }) => (
        <Toast toast={shown} className={`toast ${shown.content.tone}`}>
          <ToastContent className="toast-content">
            <Text slot="title">{shown.content.title}</Text>
            {shown.content.description && <Text slot="description">{shown.content.description}</Text>}
          </ToastContent>
          {shown.content.action && (
            <Button
              onPress={() => {
                shown.content.action?.onPress();
                queue.close(shown.key);
              }}
            >
              {shown.content.action.label}
            </Button>
          )}
          <IconButton slot="close" icon="close" label={t("action.close")} />
        </Toast>
      )}
    </ToastRegion>
  );
}
