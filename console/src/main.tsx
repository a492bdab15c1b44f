import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { I18nProvider } from "react-aria-components/I18nProvider";
import { createRoot } from "react-dom/client";
import { ErrorBoundary } from "./app/error-boundary.tsx";
import { router } from "./app/router.tsx";
import { applyTheme, storedTheme } from "./app/theme.ts";
import { arriveFromProvider, comesFromProvider } from "./session/oidc.ts";
import { queries, resumeSession, signInByProvider } from "./session/session.ts";
import "./style.css";
import { startTexts, useLanguage } from "./text/text.ts";

function Console() {
  return (
    <I18nProvider locale={useLanguage()}>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </I18nProvider>
  );
}

applyTheme(storedTheme());
const container = document.getElementById("root");
if (container === null) throw new Error("the page has no root");
await Promise.all([startTexts(), comesFromProvider() ? signInByProvider(arriveFromProvider) : resumeSession()]);
createRoot(container).render(
  <StrictMode>
    <ErrorBoundary>
      <Console />
    </ErrorBoundary>
  </StrictMode>,
);
