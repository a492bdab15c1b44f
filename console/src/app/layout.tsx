import { Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { watchIdle } from "../session/idle.ts";
import { watchExpiry } from "../session/renewal.ts";
import { useSession } from "../session/session.ts";
import { SignInPage } from "../session/sign-in-page.tsx";
import { signOutEverywhere } from "../session/sign-out.ts";
import { askBeforeLeaving } from "../tasks/leaving.ts";
import { endTasks, isBusy } from "../tasks/tasks.ts";
import { TaskTray } from "../tasks/tray.tsx";
import { useText } from "../text/text.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Icon } from "../ui/icon.tsx";
import { Toasts } from "../ui/toasts.tsx";
import { navigationOf, PAGES } from "./pages.ts";
import { LanguageMenu, ThemeMenu } from "./preferences.tsx";

/** The frame of every page; the page of sign-in while nobody is signed in. */
export function Layout() {
  const session = useSession();
  // A renewal keeps it, and counts as no use.
  const client = session?.client ?? null;
  useEffect(() => {
    if (client === null) return endTasks();
    return watchIdle(isBusy);
  }, [client]);
  useEffect(() => (session === null ? undefined : watchExpiry(session)), [session]);
  useEffect(() => askBeforeLeaving(window), []);
  return (
    <>
      {session === null ? <SignInPage /> : <Frame />}
      <Toasts />
    </>
  );
}

function Frame() {
  const t = useText();
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const page = PAGES.find((row) => row.path === path);
  useEffect(() => {
    document.title = page === undefined ? "Sherd" : `${t(page.title)} – Sherd`;
    // A reader of the screen is at the head of the new page.
    main.current?.focus({ preventScroll: true });
  }, [page, t]);
  return (
    <div className="frame">
      <button type="button" className="skip" onClick={() => main.current?.focus()}>
        {t("layout.skip")}
      </button>
      <Header path={path} />
      <main ref={main} tabIndex={-1} id="main">
        <Outlet />
      </main>
      <TaskTray />
    </div>
  );
}

function Header({ path }: { path: string }) {
  const t = useText();
  const [isOpen, setOpen] = useState(false);
  const current = navigationOf(path)?.path;
  return (
    <header className={`header ${isOpen ? "open" : ""}`}>
      <a className="brand" href="#/">
        <img src={`${import.meta.env.BASE_URL}icon.svg`} alt="" width="24" height="24" />
        <span>{t("layout.brand")}</span>
      </a>
      <span className="menu-button">
        <IconButton icon="menu" label={t("layout.menu")} aria-expanded={isOpen} onPress={() => setOpen(!isOpen)} />
      </span>
      <nav aria-label={t("layout.navigation")}>
        <ul>
          {PAGES.map(({ path: to, title, navigation }) =>
            navigation === undefined ? null : (
              <li key={to}>
                <a href={`#${to}`} aria-current={to === current ? "page" : undefined} onClick={() => setOpen(false)}>
                  <Icon name={navigation.icon} />
                  {t(title)}
                </a>
              </li>
            ),
          )}
        </ul>
      </nav>
      <Account />
    </header>
  );
}

function Account() {
  const t = useText();
  const session = useSession();
  const [isOpen, setOpen] = useState(false);
  if (session === null) return null;
  const { arn, accountId, userId } = session.identity;
  const name = arn.replace(/^arn:aws:\w+::\d+:/, "");
  return (
    <div className="account">
      <Button icon="people" onPress={() => setOpen(true)}>
        <bdi>{name}</bdi>
      </Button>
      <Dialog title={t("account.title")} isOpen={isOpen} onClose={() => setOpen(false)}>
        <dl className="facts">
          <dt>{t("account.arn")}</dt>
          <dd>
            <bdi className="code">{arn}</bdi>
          </dd>
          <dt>{t("account.account")}</dt>
          <dd className="code">{accountId}</dd>
          <dt>{t("account.userId")}</dt>
          <dd className="code">{userId}</dd>
          <dt>{t("account.key")}</dt>
          <dd className="code">{session.client.credentials.accessKeyId}</dd>
        </dl>
        <div className="columns">
          <LanguageMenu />
          <ThemeMenu />
        </div>
        <footer className="dialog-actions">
          <Button variant="primary" onPress={() => void signOutEverywhere()}>
            {t("account.signOut")}
          </Button>
        </footer>
      </Dialog>
    </div>
  );
}
