import { AwsError } from "../aws/errors.ts";
import { isText, type TextKey, text, useText } from "../text/text.ts";
import { Button } from "./button.tsx";
import { Notice } from "./notice.tsx";

/** What happened and what to do, in the reader's language. Errors that have no text of their own are told as the store told them. */
export function explain(error: unknown): { happened: string; advice: string | null; detail: string | null } {
  if (!(error instanceof AwsError)) {
    return {
      happened: text("error.unknown"),
      advice: null,
      detail: error instanceof Error ? error.message : String(error),
    };
  }
  const happened = `error.${error.code}`;
  const advice = `error.${error.code}.advice`;
  const generic: TextKey = error.status >= 500 ? "error.server" : "error.refused";
  const detail =
    error.status === 0 ? null : [`${error.code}: ${error.message}`, error.requestId].filter(Boolean).join(" · ");
  return {
    happened: isText(happened) ? text(happened) : text(generic, { code: error.code }),
    advice: isText(advice) ? text(advice) : null,
    detail,
  };
}

/** An error in place of what could not be shown. */
export function ErrorNotice({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const t = useText();
  const { happened, advice, detail } = explain(error);
  return (
    <Notice tone="danger">
      <p>
        <strong>{happened}</strong> {advice}
      </p>
      {detail && (
        <p className="quiet detail">
          <bdi>{detail}</bdi>
        </p>
      )}
      {onRetry && <Button onPress={onRetry}>{t("action.retry")}</Button>}
    </Notice>
  );
}
