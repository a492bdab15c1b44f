import type { ChosenFile } from "./upload.ts";

/** Files of an input; of one that takes folders with their paths. */
export function filesOfInput(files: FileList | null): ChosenFile[] {
  return [...(files ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
}

/**
 * Files that were dropped, those in folders with their paths. Must be called while the event is handled: later the browser gives nothing.
 * Chromium gives handles, which let an upload go on after a reload without choosing the file again.
 */
export async function filesOfDrop(transfer: DataTransfer): Promise<ChosenFile[]> {
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  const found = items.map((item) => ({
    handle: handleOf(item),
    entry: item.webkitGetAsEntry(),
    file: item.getAsFile(),
  }));
  const chosen: ChosenFile[] = [];
  for (const { handle, entry, file } of found) {
    const known = await handle;
    if (known?.kind === "file") chosen.push({ file: await known.getFile(), path: known.name, handle: known });
    else if (entry) await addEntry(entry, "", chosen);
    else if (file) chosen.push({ file, path: file.name });
  }
  return chosen;
}

async function handleOf(item: DataTransferItem): Promise<FileSystemFileHandle | null> {
  const getter = item as DataTransferItem & { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> };
  try {
    const handle = await getter.getAsFileSystemHandle?.();
    return handle?.kind === "file" ? (handle as FileSystemFileHandle) : null;
  } catch {
    // The browser has it and does not let this page use it.
    return null;
  }
}

async function addEntry(entry: FileSystemEntry, path: string, chosen: ChosenFile[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    chosen.push({ file, path: path + entry.name });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // At most a hundred at a time; an empty list is the end.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return;
    for (const one of batch) await addEntry(one, `${path}${entry.name}/`, chosen);
  }
}
