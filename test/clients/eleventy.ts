import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runPython } from "./boto3.ts";
import type { Client } from "./client.ts";
import { attempt, command } from "./command.ts";
import { installedFolder, installPython } from "./install.ts";

const VERSION = "3.1.8";
const POSTS = 40;

/** A site built by Eleventy, synced by boto3 and crawled on the website's host (boto3/website.py). */
export function eleventyClient(fresh: boolean): Client {
  const folder = installedFolder(`eleventy-${VERSION}`);
  const program = join(folder, "node_modules", ".bin", "eleventy");
  return {
    name: "eleventy",
    required: true,
    sharesPython: true,
    async prepare() {
      const python = await installPython("boto3", fresh);
      if (!python.ok) return { ready: false, why: python.why };
      if (existsSync(program)) return { ready: true, version: VERSION };
      await mkdir(folder, { recursive: true });
      const install = [
        "npm",
        "install",
        "--prefix",
        folder,
        "--no-save",
        "--no-audit",
        "--no-fund",
        `@11ty/eleventy@${VERSION}`,
      ];
      const installed = await attempt(install, { cwd: folder });
      return installed.code === 0
        ? { ready: true, version: VERSION }
        : { ready: false, why: installed.stderr.slice(-300) };
    },
    async run(stage, report) {
      const [source, site] = [join(stage.folder, "source"), join(stage.folder, "site")];
      await writeSource(source);
      await command([program, `--input=${source}`, `--output=${site}`, "--quiet"], { cwd: stage.folder });
      await runPython(stage, ["website"], { CLIENTS_SITE: site }, report);
    },
  };
}

/** Posts in Markdown with a layout, a list of them, a style sheet and an error page. */
async function writeSource(folder: string): Promise<void> {
  const files: Record<string, string> = {
    "_includes/page.njk": `<!doctype html><html><head><meta charset="utf-8"><title>{{ title }}</title><link rel="stylesheet" href="/style.css"></head>
<body><nav><a href="/">home</a> <a href="/about/">about</a></nav>{{ content | safe }}</body></html>`,
    "index.njk": `---\nlayout: page.njk\ntitle: Home\n---\n<ul>{% for post in collections.posts %}<li><a href="{{ post.url }}">{{ post.data.title }}</a></li>{% endfor %}</ul>`,
    "about.md": "---\nlayout: page.njk\ntitle: About\n---\n# About\n",
    "404.md": "---\nlayout: page.njk\ntitle: Lost\npermalink: 404.html\n---\n# Nothing here\n",
    "style.css.njk": "---\npermalink: style.css\n---\nbody { color: #123456; }\n",
  };
  for (let number = 1; number <= POSTS; number++) {
    const front = `layout: page.njk\ntitle: "Post ${number}: größe"\ntags: posts`;
    const next = number < POSTS ? `[next](/posts/${number + 1})` : "[home](/)";
    files[`posts/${number}.md`] = `---\n${front}\n---\n# Post ${number}\n\n${next}\n`;
  }
  await mkdir(join(folder, "_includes"), { recursive: true });
  await mkdir(join(folder, "posts"), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}
