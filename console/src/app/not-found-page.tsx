import { useText } from "../text/text.ts";

export function NotFoundPage() {
  const t = useText();
  return (
    <div className="page">
      <h1>{t("notFound.title")}</h1>
      <p>
        <a href="#/">{t("notFound.home")}</a>
      </p>
    </div>
  );
}
