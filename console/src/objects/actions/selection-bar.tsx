import type { Entry } from "../../aws/s3/list.ts";
import { useClient } from "../../session/session.ts";
import { useText } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { downloadZip } from "../download/zip.ts";
import type { OpenDialog } from "./object-dialogs.tsx";

interface SelectionBarProps {
  bucket: string;
  prefix: string;
  selected: Entry[];
  onClear: () => void;
  onOpen: (dialog: OpenDialog) => void;
}

/** What may be done with all that is selected. */
export function SelectionBar({ bucket, prefix, selected, onClear, onOpen }: SelectionBarProps) {
  const t = useText();
  const client = useClient();
  if (selected.length === 0) return null;
  const readable = selected.filter(({ kind }) => kind !== "marker");
  const objects = selected.filter(({ kind }) => kind === "object");
  return (
    <section className="selection" aria-label={t("selection.label")}>
      <span role="status">{t("selection.count", { count: selected.length })}</span>
      {readable.length > 0 && (
        <Button icon="download" onPress={() => void downloadZip(client, { bucket, prefix, entries: readable })}>
          {t("download.zip")}
        </Button>
      )}
      {objects.length > 0 && (
        <Button icon="copy" onPress={() => onOpen({ kind: "copyMany", entries: objects })}>
          {t("copy.many")}
        </Button>
      )}
      <Button icon="trash" onPress={() => onOpen({ kind: "delete", entries: selected })}>
        {t("action.delete")}
      </Button>
      <Button variant="link" onPress={onClear}>
        {t("selection.clear")}
      </Button>
    </section>
  );
}
