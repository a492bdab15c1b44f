import { type ChangeEvent, useRef } from "react";
import { useText } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { Menu } from "../../ui/menu.tsx";
import { toastError } from "../../ui/toasts.tsx";
import { filesOfInput } from "./chosen-files.ts";
import type { ChosenFile } from "./upload.ts";

type Picker = (options: { multiple: boolean }) => Promise<FileSystemFileHandle[]>;

/** Chooses files or a folder. Where the browser gives handles, an upload goes on after a reload without choosing again. */
export function UploadButton({ onFiles }: { onFiles: (files: ChosenFile[]) => void }) {
  const t = useText();
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const change = (event: ChangeEvent<HTMLInputElement>) => {
    onFiles(filesOfInput(event.target.files));
    event.target.value = "";
  };
  const pick = () => {
    const picker = (window as Window & { showOpenFilePicker?: Picker }).showOpenFilePicker;
    // A program that drives the browser can fill an input, but not the picker.
    if (picker === undefined || navigator.webdriver) return files.current?.click();
    picker({ multiple: true })
      .then((handles) =>
        Promise.all(handles.map(async (handle) => ({ file: await handle.getFile(), path: handle.name, handle }))),
      )
      .then(onFiles)
      .catch((error: unknown) => {
        if (!(error instanceof DOMException && error.name === "AbortError")) toastError(error);
      });
  };
  return (
    <>
      <Menu
        label={t("upload.choose")}
        trigger={
          <Button variant="primary" icon="upload">
            {t("upload.button")}
          </Button>
        }
        actions={[
          { id: "files", label: t("upload.chooseFiles"), icon: "file", onAction: pick },
          { id: "folder", label: t("upload.chooseFolder"), icon: "folder", onAction: () => folder.current?.click() },
        ]}
      />
      <input ref={files} type="file" multiple hidden data-testid="files" onChange={change} />
      <input
        ref={(element) => {
          folder.current = element;
          element?.setAttribute("webkitdirectory", "");
        }}
        type="file"
        hidden
        data-testid="folder"
        onChange={change}
      />
    </>
  );
}
