import i18next from "i18next";
import { useSyncExternalStore } from "react";
import en from "./en.json";

/** Languages with all texts; a test compares their keys. */
export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

type BaseKey<K> = K extends `${infer Base}_one` ? Base : K extends `${string}_other` ? never : K;
/** Name of a text. One that is counted has two forms in the file, `_one` and `_other`. */
export type TextKey = BaseKey<keyof typeof en> & string;

const STORED = "sherd-language";

const LOADERS: Readonly<Record<Exclude<Language, "en">, () => Promise<{ default: Record<string, string> }>>> = {
  de: () => import("./de.json"),
};

/** Loads the texts of the reader's language, which is the one chosen last, or the browser's. */
export async function startTexts(): Promise<void> {
  await i18next.init({
    lng: "en",
    fallbackLng: "en",
    resources: { en: { translation: en } },
    keySeparator: false,
    nsSeparator: false,
    initAsync: false,
    // React escapes by itself.
    interpolation: { escapeValue: false },
  });
  await setLanguage(storedLanguage() ?? browserLanguage());
}

export async function setLanguage(next: Language, isChosen = false): Promise<void> {
  if (next !== "en" && !i18next.hasResourceBundle(next, "translation")) {
    i18next.addResourceBundle(next, "translation", (await LOADERS[next]()).default);
  }
  if (isChosen) localStorage.setItem(STORED, next);
  await i18next.changeLanguage(next);
  document.documentElement.lang = next;
}

export function language(): Language {
  return i18next.language === "de" ? "de" : "en";
}

/** A text outside of a component. Values are named in it: `{{name}}`; `count` chooses the form. */
export function text(key: TextKey, values: Record<string, string | number> = {}): string {
  return i18next.t(key, values);
}

/** Whether there is a text of that name, for names that are made of an error's code. */
export function isText(key: string): key is TextKey {
  return i18next.exists(key);
}

/** `text`, in a component that is drawn again if the language changes. */
export function useText(): typeof text {
  useSyncExternalStore(subscribe, language);
  return text;
}

export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, language);
}

function subscribe(changed: () => void): () => void {
  i18next.on("languageChanged", changed);
  return () => i18next.off("languageChanged", changed);
}

function storedLanguage(): Language | null {
  const stored = localStorage.getItem(STORED);
  return stored === "en" || stored === "de" ? stored : null;
}

function browserLanguage(): Language {
  const known = navigator.languages.map((one) => one.slice(0, 2)).find((one) => one in LANGUAGES);
  return (known as Language | undefined) ?? "en";
}
