/** As in wrangler.toml; a test compares them. */
export const compatibilityDate = "2026-11-09";
export const compatibilityFlags = ["nodejs_compat"];
