import { useMemo } from "react";
import { formatNumber } from "../../text/format.ts";
import { useText } from "../../text/text.ts";
import { Notice } from "../../ui/notice.tsx";

/** Members that are drawn of one object or array. */
const MEMBERS_MAX = 500;
/** Levels that are open at first. */
const OPEN_LEVELS = 2;

/** JSON as a tree that opens and closes. */
export default function JsonTree({ value }: { value: string }) {
  const t = useText();
  const parsed = useMemo(() => parse(value), [value]);
  if (!parsed.isJson) {
    return (
      <>
        <Notice tone="warning">{t("preview.notJson", { message: parsed.message })}</Notice>
        <pre className="code">{value}</pre>
      </>
    );
  }
  return (
    <div className="json-tree code">
      <Member name={null} value={parsed.value} level={0} />
    </div>
  );
}

function parse(text: string): { isJson: true; value: unknown } | { isJson: false; message: string } {
  try {
    return { isJson: true, value: JSON.parse(text) };
  } catch (error) {
    return { isJson: false, message: error instanceof Error ? error.message : "" };
  }
}

function Member({ name, value, level }: { name: string | null; value: unknown; level: number }) {
  const t = useText();
  const label = name !== null && (
    <>
      <bdi className="json-name">{name}</bdi>:{" "}
    </>
  );
  if (typeof value !== "object" || value === null) {
    return (
      <div>
        {label}
        <bdi className={`json-${value === null ? "null" : typeof value}`}>{JSON.stringify(value)}</bdi>
      </div>
    );
  }
  const members = Object.entries(value);
  const count = formatNumber(members.length);
  return (
    <details open={level < OPEN_LEVELS}>
      <summary>
        {label}
        <span className="quiet">{Array.isArray(value) ? `[${count}]` : `{${count}}`}</span>
      </summary>
      {members.slice(0, MEMBERS_MAX).map(([key, member]) => (
        <Member key={key} name={key} value={member} level={level + 1} />
      ))}
      {members.length > MEMBERS_MAX && (
        <div className="quiet">{t("upload.more", { count: members.length - MEMBERS_MAX })}</div>
      )}
    </details>
  );
}
