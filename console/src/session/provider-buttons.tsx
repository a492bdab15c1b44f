import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Form } from "react-aria-components/Form";
import { useText } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { ErrorNotice } from "../ui/error-notice.tsx";
import { Select, TextField } from "../ui/fields.tsx";
import { leaveForProvider, listProviders } from "./oidc.ts";
import { useSignInError } from "./session.ts";
import type { Provider } from "./temporary.ts";

/** Sign-in by OpenID Connect: nothing where the operator has configured no provider. */
export function ProviderButtons() {
  const failed = useSignInError();
  const { data = [] } = useQuery({ queryKey: ["sign-in"], queryFn: listProviders, staleTime: 60_000, retry: false });
  return (
    <>
      {failed !== null && <ErrorNotice error={failed} />}
      {data.map((provider) => (
        <ProviderForm key={`${provider.issuer} ${provider.clientId}`} provider={provider} />
      ))}
      {data.length > 0 && <hr />}
    </>
  );
}

function ProviderForm({ provider }: { provider: Provider }) {
  const t = useText();
  const { name, roleArns } = provider;
  const [roleArn, setRole] = useState(roleArns[0] ?? "");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const leave = async () => {
    setBusy(true);
    setError(null);
    try {
      await leaveForProvider(provider, roleArn.trim());
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return (
    <Form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void leave();
      }}
    >
      {error !== null && <ErrorNotice error={error} />}
      {roleArns.length === 0 && (
        <TextField
          label={t("signIn.role")}
          hint={t("signIn.roleHint")}
          value={roleArn}
          onChange={setRole}
          isRequired
          isCode
        />
      )}
      {roleArns.length > 1 && (
        <Select
          label={t("signIn.role")}
          value={roleArn}
          onChange={setRole}
          options={roleArns.map((value) => ({ value, label: value.replace(/^.*:role\//, "") }))}
        />
      )}
      <Button type="submit" variant="primary" icon="people" isPending={isBusy}>
        {t("signIn.with", { name })}
      </Button>
    </Form>
  );
}
