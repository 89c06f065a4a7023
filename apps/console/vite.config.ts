import { defineConfig } from "vite";

export default defineConfig({
  base: "/console/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2023",
    // these have light-dark(): what it is replaced by for others hears of no scheme but one in a style sheet
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // the polyfill is for browsers that are older than what is here anyway
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ["index.html", "play.html"] },
  },
});
