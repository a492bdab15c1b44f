import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { AwsError } from "../../aws/errors.ts";
import { visibleKey } from "../../aws/keys.ts";
import { abortUpload, listUploads, type OpenUpload } from "../../aws/s3/uploads.ts";
import { queries, useClient } from "../../session/session.ts";
import { useTasks } from "../../tasks/tasks.ts";
import { formatShortTime } from "../../text/format.ts";
import { useText } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { toastError } from "../../ui/toasts.tsx";
import { isSameFile } from "./plan.ts";
import { forget, type RememberedUpload, rememberedUploads } from "./remembered.ts";
import { resumeUpload } from "./upload.ts";

type Permitted = FileSystemFileHandle & { requestPermission?: (options: { mode: "read" }) => Promise<PermissionState> };

interface Unfinished extends OpenUpload {
  remembered: RememberedUpload | undefined;
}

/** Uploads that a reload or a lost connection has cut, below the prefix: they go on where they stopped, or are thrown away. */
export function UnfinishedUploads({ bucket, prefix, stamp }: { bucket: string; prefix: string; stamp: number }) {
  const t = useText();
  const client = useClient();
  const isRunning = useTasks().some(
    ({ state, unit }) => unit === "bytes" && (state === "running" || state === "paused"),
  );
  const { data = [], refetch } = useQuery({
    queryKey: ["uploads", bucket, prefix, stamp],
    queryFn: async (): Promise<Unfinished[]> => {
      const remembered = new Map((await rememberedUploads(bucket)).map((one) => [one.uploadId, one]));
      // Whoever may not list uploads has none to go on with.
      const open = await listUploads(client, bucket, prefix).catch((error: unknown) => {
        if (error instanceof AwsError && error.status === 403) return [];
        throw error;
      });
      return open.map((upload) => ({ ...upload, remembered: remembered.get(upload.uploadId) }));
    },
  });
  if (data.length === 0 || isRunning) return null;
  return (
    <section className="unfinished" aria-label={t("unfinished.title")}>
      <h2>{t("unfinished.title")}</h2>
      <ul>
        {data.map((upload) => (
          <UnfinishedRow key={upload.uploadId} upload={upload} onChanged={() => void refetch()} />
        ))}
      </ul>
    </section>
  );
}

function UnfinishedRow({ upload, onChanged }: { upload: Unfinished; onChanged: () => void }) {
  const t = useText();
  const client = useClient();
  const input = useRef<HTMLInputElement>(null);
  const [isOther, setOther] = useState(false);
  const { remembered } = upload;
  const go = (known: RememberedUpload, file: File) => {
    if (!isSameFile(known, file)) return setOther(true);
    void resumeUpload(client, known, file).then(onChanged);
  };
  const resume = async (known: RememberedUpload) => {
    const handle = known.handle as Permitted | undefined;
    if (handle && (await handle.requestPermission?.({ mode: "read" })) === "granted")
      return go(known, await handle.getFile());
    input.current?.click();
  };
  const discard = async () => {
    await abortUpload(client, upload);
    await forget(upload.uploadId);
    await queries.invalidateQueries({ queryKey: ["uploads", upload.bucket] });
  };
  return (
    <li>
      <bdi>{visibleKey(upload.key)}</bdi>
      <span className="quiet">{formatShortTime(upload.initiatedMs)}</span>
      {remembered !== undefined && (
        <>
          <Button icon="play" onPress={() => void resume(remembered).catch(toastError)}>
            {t("unfinished.resume")}
          </Button>
          <input
            ref={input}
            type="file"
            hidden
            data-testid="resume"
            onChange={({ target }) => target.files?.[0] && go(remembered, target.files[0])}
          />
        </>
      )}
      <Button onPress={() => void discard().catch(toastError)}>{t("unfinished.discard")}</Button>
      {isOther && (
        <span role="alert" className="field-error">
          {t("unfinished.otherFile", { name: remembered?.name ?? "" })}
        </span>
      )}
    </li>
  );
}
