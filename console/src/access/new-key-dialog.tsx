import { useSession } from "../session/session.ts";
import { useText } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Notice } from "../ui/notice.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { toast, toastError } from "../ui/toasts.tsx";
import { type NewKey, snippetOf, TOOLS } from "./snippets.ts";

/** The secret, this once, and how to use it. Closing the dialog forgets it. */
export function NewKeyDialog({ newKey, onClose }: { newKey: NewKey; onClose: () => void }) {
  const t = useText();
  const client = useSession()?.client;
  if (client === undefined) return null;
  const copy = (content: string) =>
    void navigator.clipboard.writeText(content).then(() => toast(t("access.copied")), toastError);
  return (
    <Dialog title={t("access.newKey")} isOpen onClose={onClose} size="wide">
      <div className="stack">
        <Notice tone="warning">{t("access.secretOnce")}</Notice>
        <dl className="facts">
          <dt>{t("account.key")}</dt>
          <dd className="code">{newKey.id}</dd>
          <dt>{t("signIn.secretKey")}</dt>
          <dd className="code">{newKey.secret}</dd>
        </dl>
        <div className="actions">
          <Button icon="copy" onPress={() => copy(newKey.secret)}>
            {t("access.copySecret")}
          </Button>
        </div>
        <Tabs
          label={t("access.use")}
          tabs={TOOLS.map((tool) => {
            const snippet = snippetOf(tool, newKey, client);
            return {
              id: tool,
              label: tool,
              content: () => (
                <div className="stack">
                  {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be scrolled by the keyboard too */}
                  <pre className="code" tabIndex={0}>
                    {snippet}
                  </pre>
                  <div className="actions">
                    <Button icon="copy" onPress={() => copy(snippet)}>
                      {t("access.copy")}
                    </Button>
                  </div>
                </div>
              ),
            };
          })}
        />
      </div>
    </Dialog>
  );
}
