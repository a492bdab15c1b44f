import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components/Form";
import { LanguageMenu } from "../app/preferences.tsx";
import { useText } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { ErrorNotice } from "../ui/error-notice.tsx";
import { TextField } from "../ui/fields.tsx";
import { Notice } from "../ui/notice.tsx";
import { ProviderButtons } from "./provider-buttons.tsx";
import { signIn, useEnded } from "./session.ts";

/** Asks for a key pair. Without a secure context the browser has no cryptography to sign with. */
export function SignInPage() {
  const t = useText();
  const ended = useEnded();
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <img src={`${import.meta.env.BASE_URL}icon.svg`} alt="" width="48" height="48" />
        <h1>{t("signIn.title")}</h1>
        {ended !== null && <Notice tone="info">{t(ended === "idle" ? "signIn.idle" : "signIn.expired")}</Notice>}
        {isSecureContext && <ProviderButtons />}
        {isSecureContext ? <KeyForm /> : <Notice tone="danger">{t("signIn.insecure")}</Notice>}
        <p className="quiet">{t("signIn.secretStays")}</p>
        <LanguageMenu />
      </div>
    </main>
  );
}

function KeyForm() {
  const t = useText();
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const [isTemporary, setTemporary] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const of = (name: string) => String(data.get(name) ?? "").trim();
    const sessionToken = of("sessionToken");
    setBusy(true);
    setError(null);
    try {
      const pair = { accessKeyId: of("accessKeyId"), secretAccessKey: of("secretAccessKey") };
      await signIn({ ...pair, ...(sessionToken === "" ? {} : { sessionToken }) });
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Form onSubmit={(event) => void submit(event)} className="stack">
      {error !== null && <ErrorNotice error={error} />}
      <TextField name="accessKeyId" label={t("signIn.accessKey")} isRequired autoComplete="username" autoFocus isCode />
      <TextField
        name="secretAccessKey"
        label={t("signIn.secretKey")}
        type="password"
        isRequired
        autoComplete="current-password"
      />
      {isTemporary ? (
        <TextField name="sessionToken" label={t("signIn.sessionToken")} type="password" autoComplete="off" />
      ) : (
        <Button variant="link" onPress={() => setTemporary(true)}>
          {t("signIn.isTemporary")}
        </Button>
      )}
      <Button variant="primary" type="submit" isPending={isBusy}>
        {t("signIn.submit")}
      </Button>
    </Form>
  );
}
