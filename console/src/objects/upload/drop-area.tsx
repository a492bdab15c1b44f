import { type DragEvent, type ReactNode, useState } from "react";
import { toastError } from "../../ui/toasts.tsx";
import { filesOfDrop } from "./chosen-files.ts";
import type { ChosenFile } from "./upload.ts";

/** Takes files and folders that are dropped on the page. The upload button is the way for all who drag nothing. */
export function DropArea({
  label,
  onFiles,
  children,
}: {
  label: string;
  onFiles: (files: ChosenFile[]) => void;
  children: ReactNode;
}) {
  const [isOver, setOver] = useState(false);
  const hasFiles = (event: DragEvent) => event.dataTransfer.types.includes("Files");
  const over = (event: DragEvent) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    setOver(true);
  };
  const drop = (event: DragEvent) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    setOver(false);
    filesOfDrop(event.dataTransfer).then(onFiles, toastError);
  };
  const leave = (event: DragEvent) => {
    if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dragging has another way, the upload button
    <div className={`drop-area ${isOver ? "over" : ""}`} onDragOver={over} onDragLeave={leave} onDrop={drop}>
      {children}
      {isOver && <div className="drop-hint">{label}</div>}
    </div>
  );
}
