import { getTrust, putTrust } from "../aws/iam.ts";
import { queries, useClient } from "../session/session.ts";
import { useText } from "../text/text.ts";
import { Loaded, Section } from "../ui/section.tsx";
import { PolicyForm } from "./policy-form.tsx";

/** Who may take the role on. */
export function Trust({ role }: { role: string }) {
  const t = useText();
  const client = useClient();
  const key = ["iam", "role", role, "trust"];
  return (
    <Section title={t("access.trust")} hint={t("access.trustHint")}>
      <Loaded queryKey={key} read={() => getTrust(client, role)}>
        {(document) => (
          <PolicyForm
            key={document}
            label={t("access.trust")}
            document={document}
            onSave={async (next) => {
              await putTrust(client, role, next);
              await queries.invalidateQueries({ queryKey: key });
            }}
          />
        )}
      </Loaded>
    </Section>
  );
}
