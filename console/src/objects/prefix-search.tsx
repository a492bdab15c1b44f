import { useEffect, useEffectEvent, useState } from "react";
import { Button } from "react-aria-components/Button";
import { Input } from "react-aria-components/Input";
import { SearchField } from "react-aria-components/SearchField";
import { useText } from "../text/text.ts";
import { Icon } from "../ui/icon.tsx";

const TYPING_MS = 300;

/** Finds what begins with the typed text below the prefix: the store looks keys up by their beginning. */
export function PrefixSearch({ value, onSearch }: { value: string; onSearch: (text: string) => void }) {
  const t = useText();
  const [typed, setTyped] = useState(value);
  const [asked, setAsked] = useState(value);
  const [seen, setSeen] = useState(value);
  if (value !== seen) {
    setSeen(value);
    // The address has changed, and not because of what was typed here: by a link, or by going back.
    if (value !== asked) {
      setAsked(value);
      setTyped(value);
    }
  }
  const search = useEffectEvent((text: string) => {
    setAsked(text);
    onSearch(text);
  });
  useEffect(() => {
    if (typed === asked) return;
    const timer = setTimeout(() => search(typed), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, asked]);
  return (
    <SearchField
      className="search"
      aria-label={t("objects.search")}
      value={typed}
      onChange={setTyped}
      onClear={() => setTyped("")}
    >
      <Icon name="search" />
      <Input className="input" placeholder={t("objects.search")} />
      {typed !== "" && (
        <Button className="button icon-button" aria-label={t("objects.clearSearch")}>
          <Icon name="close" />
        </Button>
      )}
    </SearchField>
  );
}
