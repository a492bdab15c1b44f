import { useState } from "react";
import { LANGUAGES, type Language, setLanguage, useLanguage, useText } from "../text/text.ts";
import { Select } from "../ui/fields.tsx";
import { setTheme, storedTheme, THEMES, type Theme } from "./theme.ts";

export function LanguageMenu() {
  const t = useText();
  const language = useLanguage();
  const options = Object.entries(LANGUAGES).map(([value, label]) => ({ value: value as Language, label }));
  return (
    <Select
      label={t("preferences.language")}
      value={language}
      options={options}
      onChange={(value) => void setLanguage(value, true)}
    />
  );
}

export function ThemeMenu() {
  const t = useText();
  const [theme, setShown] = useState<Theme>(storedTheme);
  return (
    <Select
      label={t("preferences.theme")}
      value={theme}
      options={THEMES.map((value) => ({ value, label: t(`preferences.theme.${value}`) }))}
      onChange={(value) => {
        setTheme(value);
        setShown(value);
      }}
    />
  );
}
