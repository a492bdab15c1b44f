/** How an object is shown. */
export type PreviewKind =
  | "image"
  | "video"
  | "audio"
  | "pdf"
  | "markdown"
  | "json"
  | "csv"
  | "parquet"
  | "text"
  | "none";

const BY_ENDING: Readonly<Record<string, PreviewKind>> = {
  avif: "image",
  bmp: "image",
  gif: "image",
  ico: "image",
  jpeg: "image",
  jpg: "image",
  png: "image",
  svg: "image",
  webp: "image",
  m4v: "video",
  mov: "video",
  mp4: "video",
  ogv: "video",
  webm: "video",
  aac: "audio",
  flac: "audio",
  m4a: "audio",
  mp3: "audio",
  oga: "audio",
  ogg: "audio",
  opus: "audio",
  wav: "audio",
  pdf: "pdf",
  markdown: "markdown",
  md: "markdown",
  geojson: "json",
  json: "json",
  csv: "csv",
  tsv: "csv",
  parquet: "parquet",
  c: "text",
  cfg: "text",
  conf: "text",
  cpp: "text",
  css: "text",
  go: "text",
  h: "text",
  html: "text",
  ini: "text",
  java: "text",
  js: "text",
  jsonl: "text",
  log: "text",
  ndjson: "text",
  py: "text",
  rb: "text",
  rs: "text",
  sh: "text",
  sql: "text",
  toml: "text",
  ts: "text",
  tsx: "text",
  txt: "text",
  xml: "text",
  yaml: "text",
  yml: "text",
};

const BY_TYPE: readonly [RegExp, PreviewKind][] = [
  [/^image\//, "image"],
  [/^video\//, "video"],
  [/^audio\//, "audio"],
  [/^application\/pdf\b/, "pdf"],
  [/^text\/(x-)?markdown\b/, "markdown"],
  [/^(application\/json|application\/[\w.-]+\+json)\b/, "json"],
  [/^text\/(csv|tab-separated-values)\b/, "csv"],
  [/^application\/vnd\.apache\.parquet\b/, "parquet"],
  [/^text\//, "text"],
  [/^application\/(xml|javascript|x-sh|yaml|toml|sql)\b/, "text"],
];

/** By the type that is kept with the object; by the ending of its name if that says nothing. HTML is shown as its source. */
export function previewKind(key: string, contentType: string): PreviewKind {
  const found = BY_TYPE.find(([pattern]) => pattern.test(contentType))?.[1];
  const ending = /\.([a-z0-9]+)$/i.exec(key)?.[1]?.toLowerCase() ?? "";
  // `text/plain` is what is written when nothing is known.
  if (found !== undefined && found !== "text") return found;
  return BY_ENDING[ending] ?? found ?? "none";
}

/** Types that a picture, film or sound is shown as, whatever is kept with the object: none of them is a document that could run a script. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  aac: "audio/aac",
  avif: "image/avif",
  bmp: "image/bmp",
  flac: "audio/flac",
  gif: "image/gif",
  ico: "image/x-icon",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  m4a: "audio/mp4",
  m4v: "video/mp4",
  mov: "video/mp4",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  oga: "audio/ogg",
  ogg: "audio/ogg",
  ogv: "video/ogg",
  opus: "audio/ogg",
  png: "image/png",
  svg: "image/svg+xml",
  wav: "audio/wav",
  webm: "video/webm",
  webp: "image/webp",
};

export function mediaType(key: string, contentType: string): string {
  if (/^(image|video|audio)\//.test(contentType)) return contentType;
  return MEDIA_TYPES[/\.([a-z0-9]+)$/i.exec(key)?.[1]?.toLowerCase() ?? ""] ?? "application/octet-stream";
}
