import { defineConfig } from "vite";

export default defineConfig({
  base: "/console/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2023",
    // the polyfill is for browsers that are older than what is here anyway
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ["index.html", "play.html"] },
  },
});
